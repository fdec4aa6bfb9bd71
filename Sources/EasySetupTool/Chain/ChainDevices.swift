import ArgumentParser
import EasySetupChain
import EasySetupPairingSession
import EasySetupSeed

/// `easysetup chain devices`: lists the devices of the chain.
struct ChainDevices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Lists the devices of the chain.",
        discussion: """
              easysetup chain devices

            A device is in the list from the first command on that it gives to the chain. On a device with the seed those are \
            there, too, that were given collections and have not joined, or have left and are not shut out yet.
            """
    )

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.run { output in
            let session = try await ChainSession.open(options, .reading, output)
            let devices = try await session.chain.devices()
            let absent = session.holder.seed == nil ? [] : try await session.chain.absentDevices()
            output.onStop(nil)
            for device in devices {
                let isThis = device.id == session.device
                output.event("device", device.members(isThis: isThis), people: device.line(isThis: isThis))
            }
            for device in absent { output.event("absent-device", device.members, people: device.line) }
        }
    }
}

extension AbsentDevice {
    /// The device on a line of a list.
    var line: String {
        "(not there)  holds \(scope.text)  \(hasLeft ? "has left" : "has not joined")  \(id.text)"
    }

    /// The members of an event.
    var members: [(String, JSONValue)] {
        [("device", .string(id.text)), ("left", .boolean(hasLeft))] + scope.fields
    }
}

extension ChainDevice {
    /// The name as a person reads it.
    var shownName: String { ShownLine.text(name, limit: 64) }

    /// The device on a line of a list.
    func line(isThis: Bool) -> String {
        let words = [
            "\"\(shownName)\"", ShownLine.text(platform, limit: 16),
            hasSeed ? "holds the seed" : "holds some collections",
            "seen \(day)", id.text,
        ]
        return words.joined(separator: "  ") + (isThis ? "  (this device)" : "")
    }

    /// The members of an event.
    func members(isThis: Bool) -> [(String, JSONValue)] {
        [
            ("device", .string(id.text)), ("name", .string(name)), ("platform", .string(platform)),
            ("tier", .integer(hasSeed ? 1 : 2)), ("last_seen", .string(day)), ("is_this", .boolean(isThis)),
        ]
    }

    /// The day on which it was seen last, in UTC, as 2026-11-30.
    private var day: String {
        // A wrong record may have any number.
        let (year, month, day) = Calendar.date(min(max(lastSeen, 0), 2_000_000))
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}
