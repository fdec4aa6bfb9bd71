import EasySetupSeed
import Testing

@testable import EasySetupChain

let version0Runners: [String: VectorRunner] = ["journal-v0": runVersion0]

private struct Version0File: Decodable {
    struct Key: Decodable {
        let seed: String
        let userID: String
        let secretboxKey: String

        enum CodingKeys: String, CodingKey {
            case seed
            case userID = "user_id"
            case secretboxKey = "secretbox_key"
        }
    }

    struct Digits: Decodable {
        let number: UInt64
        let text: String
    }

    struct Record: Decodable {
        let seed: String
        let category: UInt8
        let time: UInt64
        let record: String
        let nonce: String
        let sealed: String
        let checksum: String
        let names: [String]

        enum CodingKeys: String, CodingKey {
            case seed, category, record, nonce, sealed, checksum, names
            case time = "time_ms"
        }
    }

    struct Listing: Decodable {
        struct Read: Decodable {
            let category: UInt8
            let time: UInt64
            let record: String

            enum CodingKeys: String, CodingKey {
                case category, record
                case time = "time_ms"
            }
        }

        struct Unread: Decodable {
            let category: UInt8
            let time: UInt64
            let fault: String

            enum CodingKeys: String, CodingKey {
                case category, fault
                case time = "time_ms"
            }
        }

        let why: String
        let lines: [String]
        let records: [Read]
        let unread: [Unread]
        let refused: [String: Int]
    }

    let keys: [Key]
    let digits: [Digits]
    let records: [Record]
    let seed: String
    let listings: [Listing]
}

@Sendable private func runVersion0(_ file: VectorFile) throws {
    let content = try file.decode(Version0File.self)
    for key in content.keys {
        let seed = try seed(key.seed)
        #expect(seed.userID.base64 == key.userID)
        let secretboxKey = seed.secretboxKey().withBytes { $0.withUnsafeBytes(Array.init) }
        #expect(hex(secretboxKey) == key.secretboxKey)
    }
    for digits in content.digits {
        let text = Array(digits.text.utf8)
        let number = Version0Digits.number(text.span)
        #expect(number == UInt32(exactly: digits.number), "\(digits.text)")
    }
    for record in content.records {
        let seed = try seed(record.seed)
        let reading = try Version0Reading(names: record.names, of: seed.userID, key: seed.secretboxKey())
        #expect(reading.records == [try version0Record(record.category, record.time, record.record)])
        #expect(reading.unread.isEmpty && reading.refused.isEmpty)
        let user = Array(seed.userID.base64.utf8)
        for (number, text) in record.names.enumerated() {
            let (text, checksum) = (Array(text.utf8), Array(record.checksum.utf8))
            let name = try Version0Name(text.span, user: user)
            #expect(Int(name.part) == number && name.category.rawValue == record.category && name.time == record.time)
            let written = Version0Digits.number(checksum.span)
            #expect(name.checksum == written)
        }
        let opened = Version0Seal.open(try bytes(record.sealed), seed.secretboxKey())
        #expect(opened.map { hex($0) } == record.record)
    }
    let seed = try seed(content.seed)
    for listing in content.listings {
        let reading = try Version0Reading(names: listing.lines, of: seed.userID, key: seed.secretboxKey())
        let records = try listing.records.map { try version0Record($0.category, $0.time, $0.record) }
        #expect(reading.records == records, "\(listing.why)")
        let unread = reading.unread.map { "\($0.category.rawValue) \($0.time) \($0.fault.rawValue)" }
        #expect(unread == listing.unread.map { "\($0.category) \($0.time) \($0.fault)" }, "\(listing.why)")
        let refused = Dictionary(uniqueKeysWithValues: reading.refused.map { ($0.key.rawValue, $0.value) })
        #expect(refused == listing.refused, "\(listing.why)")
    }
}

private func seed(_ hex: String) throws -> SyncSeed {
    let seed = try bytes(hex)
    return try SyncSeed(bytes: SecretBytes(copying: seed.span.bytes))
}

private func version0Record(_ category: UInt8, _ time: UInt64, _ hex: String) throws -> Version0Record {
    Version0Record(
        category: try #require(Version0Record.Category(rawValue: category)),
        time: time,
        plaintext: try bytes(hex)
    )
}
