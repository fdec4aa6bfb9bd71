import Crypto
import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Testing

let fleetRunners: [String: VectorRunner] = ["fleet-messages": runFleet]

private struct FleetFile: Decodable {
    struct Content: Decodable { let why, bytes: String }

    struct Skipped: Decodable {
        let why, bytes, readAs: String

        enum CodingKeys: String, CodingKey {
            case why, bytes
            case readAs = "read_as"
        }
    }

    struct Bad: Decodable { let why, bytes, error: String }

    struct Good: Decodable {
        let why, channel, content, message: String
        let counter: UInt64
    }

    struct BadMessage: Decodable { let why, channel, message, error: String }

    struct Messages: Decodable {
        let key, keyID, sender, senderKey, receiver: String
        let good: [Good]
        let bad: [BadMessage]

        enum CodingKeys: String, CodingKey {
            case key, sender, receiver, good, bad
            case keyID = "key_id"
            case senderKey = "sender_key"
        }
    }

    struct Directory: Decodable {
        struct Room: Decodable {
            let slot, offer, slotName, offerName: String

            enum CodingKeys: String, CodingKey {
                case slot, offer
                case slotName = "slot_name"
                case offerName = "offer_name"
            }
        }

        let key: String
        let rooms: [Room]
    }

    let contents: [Content]
    let skipped: [Skipped]
    let badContents: [Bad]
    let messages: Messages
    let directory: Directory

    enum CodingKeys: String, CodingKey {
        case contents, skipped, messages, directory
        case badContents = "bad_contents"
    }
}

/// The sections as JSON are for readers of other languages, as the fields of `relay-frames` are.
@Sendable private func runFleet(_ file: VectorFile) throws {
    let content = try file.decode(FleetFile.self)
    for item in content.contents {
        #expect(try hex(ContentCodec.bytes(of: ContentCodec.read(bytes(item.bytes)))) == item.bytes, "\(item.why)")
    }
    for item in content.skipped {
        #expect(try hex(ContentCodec.bytes(of: ContentCodec.read(bytes(item.bytes)))) == item.readAs, "\(item.why)")
    }
    for item in content.badContents {
        let bytes = try bytes(item.bytes)
        let error = #expect(throws: ContentError.self, "\(item.why)") { try ContentCodec.read(bytes) }
        #expect(error.map { "\($0)" } == item.error, "\(item.why)")
    }
    try runMessages(content.messages)
    let keys = try FleetKeys(current: bytes(content.directory.key))
    for room in content.directory.rooms {
        let offer = try #require(OfferID(bytes(room.offer)))
        let name = keys.names(of: try #require(Slot(room.slot)), offer)[0]
        #expect(hex(name.slot) == room.slotName && hex(name.offer) == room.offerName)
    }
}

private func runMessages(_ messages: FleetFile.Messages) throws {
    let keys = try FleetKeys(current: bytes(messages.key))
    let sender = try #require(RunID(bytes: bytes(messages.sender)))
    let receiver = try #require(RunID(bytes: bytes(messages.receiver)))
    // By the page, without the code that seals.
    let root = SymmetricKey(data: try bytes(messages.key))
    let id = Array(HMAC<SHA256>.authenticationCode(for: Data("EasySetup relay v1 key id".utf8), using: root))
    #expect(hex(id.prefix(4)) == messages.keyID)
    let info = Array("EasySetup relay v1 fleet".utf8) + sender.bytes
    let runKey = HKDF<SHA256>.deriveKey(inputKeyMaterial: root, info: info, outputByteCount: 32)
    #expect(runKey == SymmetricKey(data: try bytes(messages.senderKey)))

    var sealer = EnvelopeSealer(run: sender, keys: keys)
    var opener = EnvelopeOpener(run: receiver, keys: keys)
    for item in messages.good {
        let (message, channel) = (try bytes(item.message), try channel(item.channel))
        let plain = try ContentCodec.read(bytes(item.content))
        #expect(hex(sealer.seal(plain, for: channel)) == item.message, "\(item.why)")
        #expect(sealer.counter == item.counter)
        let opened = try opener.open(message, on: channel)
        #expect(opened.from == sender && opened.content == plain, "\(item.why)")
        let box = try ChaChaPoly.SealedBox(
            nonce: ChaChaPoly.Nonce(data: [0, 0, 0, 0] + message[13..<21]),
            ciphertext: message[21..<message.count - 16],
            tag: message.suffix(16)
        )
        let data = message[..<21] + (item.channel == "all" ? [0] : [1] + receiver.bytes)
        #expect(try hex(ChaChaPoly.open(box, using: runKey, authenticating: data)) == item.content, "\(item.why)")
    }
    for item in messages.bad {
        let (message, channel) = (try bytes(item.message), try channel(item.channel))
        let error = #expect(throws: EnvelopeError.self, "\(item.why)") { try opener.open(message, on: channel) }
        #expect(error.map { "\($0)".prefix { $0 != "(" } } == item.error[...], "\(item.why)")
    }
}

private func channel(_ name: String) throws -> FleetChannel {
    name == "all" ? .all : .run(try #require(RunID(bytes: bytes(name))))
}
