import EasySetupChain

/// The output of `chain import-v0`: a line for each record on standard output, and a summary on standard error.
struct Version0Report {
    /// Records that could not be read, by the reason.
    private struct Unread {
        var count = 0
        let first: Version0Unread
    }

    private var count = 0
    private var unread: [Version0Unread.Fault: Unread] = [:]

    /// Writes a record, or counts one that can't be read.
    mutating func write(_ item: Version0Item, _ output: Output) {
        switch item {
        case .record(let record):
            count += 1
            Self.write(record, output)
        case .unread(let record): unread[record.fault, default: Unread(first: record)].count += 1
        }
    }

    private static func write(_ record: Version0Record, _ output: Output) {
        guard output.form == .people else {
            return output.event(
                "record",
                [
                    ("category", .integer(Int(record.category.rawValue))), ("time_ms", .integer(Int(record.time))),
                    ("record_hex", .string(hex(record.plaintext))),
                ],
                people: nil
            )
        }
        let shown = Version0Shown(record)
        output.say("\(time(record.time))  \(padded(shown.kind, 8))  \(padded(shown.action, 7))  \(shown.title)")
    }

    /// Tells on standard error how many records there are, and what could not be read.
    func sum(up listing: Version0Listing, _ output: Output) {
        var lines = [count.counted("record")]
        for fault in Version0Unread.Fault.allCases {
            guard let unread = unread[fault] else { continue }
            let first = "\(unread.first.category), \(Self.time(unread.first.time))"
            lines.append("Not read: \(unread.count.counted("record")) \(fault.text). First: \(first)")
        }
        for fault in Version0NameFault.allCases {
            guard let refused = listing.refused[fault] else { continue }
            let lineCount = refused.count.counted("line")
            lines.append("Left out: \(lineCount) \(fault.text). First: line \(refused.firstLine)")
        }
        if count == 0, listing.nameCount > 0 {
            lines.append("Is this the seed of this listing, and is each line a name as the store has it?")
        }
        for line in lines { output.prompt(line + "\n") }
    }

    /// Whether something of this chain could not be read, or whether the listing has lines and none is of this chain.
    func isIncomplete(_ listing: Version0Listing) -> Bool {
        !unread.isEmpty || listing.refused.keys.contains(where: \.isLoss) || count == 0 && listing.nameCount > 0
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func time(_ milliseconds: UInt64) -> String {
        LogLines.time(seconds: Int(milliseconds / 1_000), milliseconds: Int(milliseconds % 1_000))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: bytes.count * 2) { out in
            for (index, byte) in bytes.enumerated() {
                out[2 * index] = digits[Int(byte >> 4)]
                out[2 * index + 1] = digits[Int(byte & 15)]
            }
            return bytes.count * 2
        }
    }
}

extension Version0Unread.Fault {
    /// The reason, behind the number of records.
    fileprivate var text: String {
        switch self {
        case .missingParts: "with parts that are not in the listing"
        case .checksumDiffers: "with another checksum than in the name"
        case .contradictory: "with parts that contradict each other"
        case .doesNotOpen: "that this seed does not open"
        }
    }
}

extension Version0NameFault {
    /// The reason, behind the number of lines.
    fileprivate var text: String {
        switch self {
        case .foreign: "with no name of version 0"
        case .otherUser: "of another chain"
        case .damaged: "of this chain, damaged"
        case .wrongPart: "of this chain, with a part that is none"
        case .tooLong: "longer than any name"
        }
    }
}
