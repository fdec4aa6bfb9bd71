/// The commands for questions, and what their answers mean.
enum RedisCommands {
    static func claim(_ room: RoomName, _ registration: Registration, _ times: DirectoryTimes) -> RESPCommand {
        command("SET", RedisKeys.slot(room), registration.bytes, "PX", milliseconds(times.slot), "NX")
    }

    /// Reads the answer to ``claim(_:_:_:)``; nil if it is none.
    static func claimed(_ answer: RESPValue) -> Bool? {
        switch answer {
        case .line(let text) where text.elementsEqual("OK".utf8): true
        case .none: false
        default: nil
        }
    }

    /// Looks for rooms, and at the mark of the data in the same moment, so that nothing is taken for absent that was lost.
    static func find(_ room: RoomName) -> RESPCommand {
        command("MGET", RedisKeys.slot(room), RedisKeys.room(room), RedisKeys.epoch)
    }

    /// Reads the answer to ``find(_:)``: the rooms, and the mark of the data, which is nil if they have none. Nil if it is no
    /// such answer.
    static func found(_ answer: RESPValue) -> (rooms: FoundRooms, epoch: [UInt8]?)? {
        guard case .list(let values) = answer, values.count == 3, let slot = entry(values[0]),
            let alone = entry(values[1]), let epoch = mark(values[2])
        else { return nil }
        return (FoundRooms(atSlot: slot, withoutSlot: alone), epoch)
    }

    /// Reads the mark of the data: `.some(nil)` if they have none, and nil if it is none.
    static func mark(_ value: RESPValue) -> [UInt8]?? {
        switch value {
        case .none: .some(nil)
        case .text(let epoch): epoch
        default: nil
        }
    }

    static func take(_ request: TakeRequest, _ times: DirectoryTimes) -> RESPCommand {
        command(
            "EVAL",
            Array(TakeScript.text.utf8),
            "2",
            RedisKeys.slot(request.room),
            RedisKeys.room(request.room),
            request.registration.bytes,
            request.former?.bytes ?? [],
            request.isAttach ? "1" : "0",
            milliseconds(times.time(request.kept, hasSlot: true)),
            milliseconds(times.time(request.kept, hasSlot: false))
        )
    }

    /// Reads the answer to ``take(_:_:)``; nil if it is none.
    static func taken(_ answer: RESPValue) -> TakeOutcome? {
        guard case .list(let values) = answer, values.count == 3, case .text(let verdict) = values[0],
            case .number(let place) = values[1], 1...2 ~= place, let there = entry(values[2])
        else { return nil }
        switch (String(decoding: verdict, as: UTF8.self), there) {
        case ("mine", let there): return TakeOutcome(.mine(before: there), hasSlot: place == 1)
        case ("newer", let there?): return TakeOutcome(.newer(there), hasSlot: place == 1)
        default: return nil
        }
    }

    /// Appends the command that publishes a message.
    static func publish(_ message: [UInt8], to channel: FleetChannel, into bytes: inout [UInt8]) {
        RESPCommand.encode(publish, RedisKeys.channel(channel), message, to: &bytes)
    }

    private static let publish = Array("PUBLISH".utf8)

    /// Reads the answer to ``publish(_:to:into:)``; nil if it is none.
    static func heard(_ answer: RESPValue) -> Int? {
        guard case .number(let count) = answer, count >= 0 else { return nil }
        return Int(exactly: count)
    }

    /// Marks the data as those of this epoch, if they are of none.
    static func setEpoch(_ epoch: [UInt8]) -> RESPCommand { command("SET", Array(RedisKeys.epoch.utf8), epoch, "NX") }

    static let epoch = RESPCommand("GET", RedisKeys.epoch)

    static func subscribe(_ run: RunID) -> RESPCommand {
        command("SUBSCRIBE", RedisKeys.channel(.run(run)), RedisKeys.all)
    }

    static let ping = RESPCommand("PING")

    // MARK: - Forms

    /// The registration at a key: `.some(nil)` if nothing is, or nothing that is a registration.
    private static func entry(_ value: RESPValue) -> Registration?? {
        switch value {
        case .none: .some(nil)
        case .text(let bytes): .some(Registration(bytes: bytes))
        default: nil
        }
    }

    /// A lifetime in milliseconds. Redis takes none that is shorter than one.
    private static func milliseconds(_ time: Duration) -> [UInt8] {
        Array("\(max(1, time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000))".utf8)
    }

    private static func command(_ words: any Word...) -> RESPCommand { RESPCommand(words: words.map(\.bytes)) }
}

/// A word of a command: a text, or bytes.
private protocol Word {
    var bytes: [UInt8] { get }
}

extension String: Word {
    fileprivate var bytes: [UInt8] { Array(utf8) }
}

extension [UInt8]: Word {
    fileprivate var bytes: [UInt8] { self }
}
