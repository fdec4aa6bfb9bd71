import EasySetup
import EasySetupChain
import EasySetupSeed

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A device that this one was before it got another membership, or the seed.
struct Former: Codable {
    /// The id.
    let device: String
    /// The attributes of its record that say, signed, that it has left; nil where the old membership was not at hand.
    var left: [String: [UInt8]]?
}

/// This device's place in its chain: the id that it drew when it joined, and what its record there says. It is kept in the
/// folder of the seed.
struct ChainDeviceFile {
    /// The content of the file.
    private struct Content: Codable {
        /// The version of this form.
        var version = 1
        /// The chain, in hex. An id is that of one chain: with another seed the device draws another.
        let userID: String
        let device: String
        /// Whether the id is that of a membership. A device that gets the seed later draws another one: the other may have been
        /// removed, or be so one day.
        var isMember: Bool?
        /// The name under which the device has joined; nil if it has not.
        var name: String?
        /// The place of the store in which it has joined.
        var place: String?
        /// The day of the last note that the device was there, in days since 1970.
        var seen: Int?
        /// The devices that this one was before, by other memberships, and has not yet ended.
        var former: [Former]?

        private enum CodingKeys: String, CodingKey {
            case version, device, name, place, seen, former
            case userID = "user_id"
            case isMember = "is_member"
        }
    }

    private let files: PrivateFiles
    private var content: Content

    private static let file = "chain.device"
    /// The largest file that is read, in bytes: more than any that is written.
    private static let byteLimit = 65_536

    /// Reads the file; nil if there is none, or that of another chain.
    /// - Throws: ``ChainUsage/deviceFileDamaged``, and the errors of the folder.
    static func read(_ files: PrivateFiles, of userID: UserID) async throws -> ChainDeviceFile? {
        let bytes: SecretBytes?
        do throws(StoreError) {
            bytes = try await files.read(file, limit: byteLimit)
        } catch {
            guard error.seedError == nil else { throw ChainUsage.deviceFileDamaged }
            throw error
        }
        guard let bytes else { return nil }
        let data = bytes.withUnsafeBytes { Data($0) }
        guard let content = try? JSONDecoder().decode(Content.self, from: data), content.version == 1,
            DeviceID(text: content.device) != nil
        else { throw ChainUsage.deviceFileDamaged }
        guard content.userID == userID.fingerprint else { return nil }
        return ChainDeviceFile(files: files, content: content)
    }

    /// The folder of a renewal, within that of the seed.
    static let renewal = "renewal"

    /// The files of a renewal.
    /// - Parameter folder: the folder of the seed.
    static func renewalFiles(_ folder: [UInt8]) -> PrivateFiles {
        PrivateFiles(path: folder + Array("/\(renewal)".utf8))
    }

    /// The file in the folder of the seed; nil if this device has not joined the chain. A renewal that was killed when the new
    /// seed was in its place has left the file in its own folder, from which it is copied.
    static func find(_ folder: [UInt8], of userID: UserID) async throws -> ChainDeviceFile? {
        let files = PrivateFiles(path: folder)
        if let file = try await read(files, of: userID) { return file }
        guard let left = try await read(renewalFiles(folder), of: userID) else { return nil }
        let found = ChainDeviceFile(files: files, content: left.content)
        try await found.write()
        return found
    }

    /// Draws an id for this device, or takes the one that is given, and keeps it.
    /// - Parameter before: the file of the device that this one was before; nil if there is none.
    static func make(
        _ files: PrivateFiles,
        of userID: UserID,
        device: DeviceID?,
        before: ChainDeviceFile? = nil
    ) async throws -> ChainDeviceFile {
        var content = Content(
            userID: userID.fingerprint,
            device: (device ?? .random()).text,
            isMember: device == nil ? nil : true
        )
        if let before, before.isMember {
            let known = before.former
            let isKnown = known.contains { $0.device == before.content.device }
            content.former = known + (isKnown ? [] : [Former(device: before.content.device)])
        }
        let made = ChainDeviceFile(files: files, content: content)
        try await made.write()
        return made
    }

    /// Keeps the word of a membership that it has left, which the device is to give when it uses the chain the next time: another
    /// membership, or the seed, has taken its place.
    /// - Parameter folder: the folder of the seed.
    static func keepWord(of old: Membership, _ folder: [UInt8]) async throws {
        let files = PrivateFiles(path: folder)
        var file = try await find(folder, of: old.userID)
        if file == nil { file = try await make(files, of: old.userID, device: old.device) }
        guard var file, !file.former.contains(where: { $0.device == old.device.text }) else { return }
        // The oldest go first: a device is hardly paired again so often without using its chain.
        let word = Former(device: old.device.text, left: LeaveStatement.attributes(by: old))
        file.content.former = Array((file.former + [word]).suffix(formerLimit))
        try await file.write()
    }

    /// The number of former devices that are kept, each of them with a certificate.
    private static let formerLimit = 3

    /// Removes the file.
    static func remove(_ files: PrivateFiles) async throws {
        try await files.remove(file)
    }

    /// The device's id.
    var device: DeviceID { DeviceID(text: content.device)! }

    /// Whether the id is that of a membership.
    var isMember: Bool { content.isMember ?? false }

    /// The devices that this one was before, and has not yet ended.
    var former: [Former] { content.former ?? [] }

    /// The name under which the device has joined; nil if it has not.
    var name: String? { content.name }

    /// Whether the device's record in this store has this name.
    func isJoined(as name: String, at place: String) -> Bool { content.name == name && content.place == place }

    /// Whether the record says that the device was seen on a day, in days since 1970.
    func isSeen(on day: Int) -> Bool { content.seen == day }

    /// Keeps what the device's record in the chain says now. The former devices are ended by then.
    mutating func joined(as name: String, at place: String, seen: Int) async throws {
        (content.name, content.place, content.seen, content.former) = (name, place, seen, nil)
        try await write()
    }

    private func write() async throws {
        var bytes = Array(try JSONEncoder().encode(content))
        try await files.write(SecretBytes(wiping: &bytes), to: Self.file)
    }
}
