package import EasySetupChain

/// The answer to ListObjectsV2.
package struct ListAnswer: Equatable {
    /// The objects in the store's order.
    package var entries: [ObjectPage.Entry] = []
    /// Whether more objects follow.
    package var isTruncated = false

    /// Reads an answer.
    ///
    /// - Parameter most: the greatest number of objects that the request asked for. A store may give fewer.
    package init(_ bytes: [UInt8], most: Int) throws(XMLFault) {
        var isList = false
        var isEncoded = false
        var truncation: String?
        var name: String?
        var modified: UInt64?
        var entries: [(name: String, modified: UInt64)] = []
        try XMLScanner.read(bytes) { (path, text) throws(XMLFault) in
            guard path.first == "ListBucketResult" else { throw XMLFault() }
            switch path.count {
            case 1: isList = true
            case 2:
                switch path[1] {
                case "IsTruncated": truncation = text
                case "EncodingType":
                    // There is no other encoding (Amazon S3 API reference, ListObjectsV2).
                    guard text.isEmpty || text == "url" else { throw XMLFault() }
                    isEncoded = text == "url"
                case "Contents":
                    guard let last = name, let time = modified, entries.count < most else { throw XMLFault() }
                    entries.append((last, time))
                    (name, modified) = (nil, nil)
                default: break
                }
            case 3 where path[1] == "Contents":
                switch path[2] {
                case "Key": name = text
                case "LastModified":
                    guard let time = StoreTimestamp.milliseconds(text) else { throw XMLFault() }
                    modified = time
                default: break
                }
            default: break
            }
        }
        // Some stores write the encoding behind the objects.
        for entry in entries {
            guard let name = isEncoded ? Self.decoded(entry.name) : entry.name else { throw XMLFault() }
            self.entries.append(ObjectPage.Entry(name: name, lastModified: entry.modified))
        }
        switch truncation {
        case "true": isTruncated = true
        case "false": isTruncated = false
        default: throw XMLFault()
        }
        // The next page begins after the last name of this one.
        guard isList, !isTruncated || !entries.isEmpty else { throw XMLFault() }
    }

    /// Decodes a name that a store has encoded as asked by `encoding-type=url`. A space comes as `+` from AWS and
    /// SeaweedFS, and as `%20` from Ceph; all three write a plus sign as `%2B`.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hex), let low = rest.popFirst().flatMap(hex) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init)
    }
}
