import Crypto
package import EasySetupFleetStore
import Testing

/// A message between relays as a later version may say it: opened and sealed again, with kinds of sections, items, calls and
/// counts that this version does not know, and with more bytes behind the layouts of fixed length. It is made as
/// `Protocol/fleet.md` says, without the code of relays.
package enum LaterMessage {
    private static let (runAt, counterAt, headBytes, tagBytes) = (5, 13, 21, 16)
    private static let messageBytes = 65_000
    private static let (unknown, unknownToo): (UInt8, UInt8) = (200, 255)

    /// Makes the message a later version's.
    /// - Parameter key: the relays' key.
    package static func of(_ message: [UInt8], on channel: FleetChannel, key: [UInt8]) throws -> [UInt8] {
        let head = Array(message[..<headBytes])
        let run = SymmetricKey(data: key)
        let sealing = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: run,
            info: Array("EasySetup relay v1 fleet".utf8) + head[runAt..<counterAt],
            outputByteCount: 32
        )
        let nonce = try ChaChaPoly.Nonce(data: [0, 0, 0, 0] + head[counterAt...])
        let data = head + associated(channel)
        let end = message.count - tagBytes
        let box = try ChaChaPoly.SealedBox(nonce: nonce, ciphertext: message[headBytes..<end], tag: message[end...])
        let content = try ChaChaPoly.open(box, using: sealing, authenticating: data)
        let later = try ChaChaPoly.seal(
            try Self.content(Array(content)),
            using: sealing,
            nonce: nonce,
            authenticating: data
        )
        let made = head + later.ciphertext + later.tag
        return made.count <= messageBytes ? made : message
    }

    private static func associated(_ channel: FleetChannel) -> [UInt8] {
        switch channel {
        case .all: [0]
        case .run(let run): [1] + run.bytes
        }
    }

    // MARK: Contents

    private static func content(_ bytes: [UInt8]) throws -> [UInt8] {
        var later = section(unknown, Array("later".utf8))
        // A call of a kind that this version does not know.
        later += section(5, [0, 0, 0, 0, 0, 0, 0, 1, unknown, 1, 2, 3])
        for (kind, bytes) in try sections(bytes) {
            switch kind {
            case 1: later += section(kind, try part(bytes, fixed: [3, 7, 8]))
            case 2: later += section(kind, try part(bytes, fixed: [5, 6, 7, 8]))
            case 3, 4: later += section(kind, bytes + [9, 9])
            case 7: later += section(kind, beat(bytes))
            default: later += section(kind, bytes)
            }
        }
        return later + section(unknownToo, [])
    }

    /// - Parameter fixed: the items of fixed length.
    private static func part(_ bytes: [UInt8], fixed: Set<UInt8>) throws -> [UInt8] {
        var later = bytes[..<16] + section(unknown, [1])
        for (kind, bytes) in try sections(Array(bytes[16...])) {
            later += section(kind, fixed.contains(kind) ? bytes + [9, 9] : bytes)
        }
        return later + section(unknownToo, [])
    }

    private static func beat(_ bytes: [UInt8]) -> [UInt8] {
        var later = bytes
        later[1] = 3
        if later[5] < 64 {
            // Something of 192.0.2.7 that this version does not count.
            later.insert(contentsOf: [0, 0, 0, 192, 0, 2, 7, 0, unknown, 0, 5], at: 6 + 11 * Int(later[5]))
            later[5] += 1
        }
        // A limit that this version does not know.
        let limits = 6 + 11 * Int(later[5])
        if limits < later.count { later[limits] += 1 } else { later.append(1) }
        later += [0, 0, 0, 8]
        return later + [9, 9]
    }

    private static func section(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [kind, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }

    private static func sections(_ bytes: [UInt8]) throws -> [(kind: UInt8, bytes: [UInt8])] {
        var (sections, place): ([(UInt8, [UInt8])], Int) = ([], 0)
        while place < bytes.count {
            try #require(place + 3 <= bytes.count)
            let start = place + 3
            let end = start + Int(bytes[place + 1]) << 8 + Int(bytes[place + 2])
            try #require(end <= bytes.count)
            sections.append((bytes[place], Array(bytes[start..<end])))
            place = end
        }
        return sections
    }
}
