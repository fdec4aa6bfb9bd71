internal import EasySetupFleetStore
internal import EasySetupRelayCore

/// Writes and reads the contents of messages between relays (`Protocol/fleet.md`, "Sections" and "Items").
///
/// A kind that the reader does not know is skipped, be it of a section, an item, a call or a count, and so are bytes
/// behind a known layout, so that relays of versions that follow each other serve beside each other.
package enum ContentCodec {
    /// The bytes of an empty part.
    static let partBytes = headBytes + TrunkID.byteCount + 8
    private static let headBytes = 3

    private enum Section: UInt8 {
        case fromEntry = 1
        case fromHome = 2
        case over = 3
        case taken = 4
        case call = 5
        case answered = 6
        case beat = 7
        case callGone = 8
    }

    private enum Item: UInt8 {
        case open = 1
        case said = 2
        case gone = 3
        case told = 4
        case closed = 5
        case notHere = 6
        case ping = 7
        case pong = 8
    }
}

// MARK: - Writing

extension ContentCodec {
    /// The bytes of a content. It must be no longer than ``EnvelopeLimits/contentBytes``.
    package static func bytes(of content: FleetContent) -> [UInt8] {
        var count = content.loose.reduce(0) { $0 + byteCount($1) }
        if let part = content.fromEntry { count += part.items.reduce(partBytes) { $0 + byteCount($1) } }
        if let part = content.fromHome { count += part.items.reduce(partBytes) { $0 + byteCount($1) } }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for item in content.loose { write(item, to: &bytes) }
        if let part = content.fromEntry { write(part, .fromEntry, to: &bytes) { write($0, to: &$1) } }
        if let part = content.fromHome { write(part, .fromHome, to: &bytes) { write($0, to: &$1) } }
        return bytes
    }

    private static func write<Kind>(
        _ part: TrunkPart<Kind>,
        _ section: Section,
        to bytes: inout [UInt8],
        item: (Kind, inout [UInt8]) -> Void
    ) {
        bytes.append(section: section.rawValue) { bytes in
            bytes.append(number: part.trunk.number)
            bytes.append(number: part.number)
            for element in part.items { item(element, &bytes) }
        }
    }

    private static func write(_ item: EntryItem, to bytes: inout [UInt8]) {
        switch item {
        case .open(let leg, let prefix, let frame):
            write(.open, leg, to: &bytes) {
                $0.append(number: prefix.wireNumber)
                $0 += frame
            }
        case .said(let leg, let frame): write(.said, leg, to: &bytes) { $0 += frame }
        case .gone(let leg): write(.gone, leg, to: &bytes)
        case .ping: bytes.append(section: Item.ping.rawValue) { _ in }
        case .pong: bytes.append(section: Item.pong.rawValue) { _ in }
        }
    }

    private static func write(_ item: HomeItem, to bytes: inout [UInt8]) {
        switch item {
        case .told(let leg, let frame, let hasMeeting):
            write(.told, leg, to: &bytes) {
                $0.append(hasMeeting ? 1 : 0)
                $0 += frame
            }
        case .closed(let leg): write(.closed, leg, to: &bytes)
        case .notHere(let leg): write(.notHere, leg, to: &bytes)
        case .ping: bytes.append(section: Item.ping.rawValue) { _ in }
        case .pong: bytes.append(section: Item.pong.rawValue) { _ in }
        }
    }

    private static func write(
        _ item: Item,
        _ leg: UInt64,
        to bytes: inout [UInt8],
        _ rest: (inout [UInt8]) -> Void = { _ in }
    ) {
        bytes.append(section: item.rawValue) {
            $0.append(number: leg)
            rest(&$0)
        }
    }

    private static func write(_ item: LooseItem, to bytes: inout [UInt8]) {
        switch item {
        case .over(let trunk): bytes.append(section: Section.over.rawValue) { $0.append(number: trunk.number) }
        case .taken(let offer, let attempt):
            bytes.append(section: Section.taken.rawValue) {
                $0 += offer
                $0.append(number: attempt)
            }
        case .call(let call):
            bytes.append(section: Section.call.rawValue) {
                $0.append(number: call.number)
                $0.append(call.kind.rawValue)
                $0 += call.body
            }
        case .answered(let answer):
            bytes.append(section: Section.answered.rawValue) {
                $0.append(number: answer.number)
                $0.append(number: answer.status)
                $0 += answer.body
            }
        case .callGone(let number): bytes.append(section: Section.callGone.rawValue) { $0.append(number: number) }
        case .beat(let beat): bytes.append(section: Section.beat.rawValue) { write(beat, to: &$0) }
        }
    }

    private static func write(_ beat: Beat, to bytes: inout [UInt8]) {
        bytes.append(number: beat.version)
        bytes.append(number: beat.load)
        bytes.append(beat.isDraining ? 1 : 0)
        let hot = beat.hot.prefix(Beat.prefixes)
        bytes.append(UInt8(hot.count))
        for hot in hot {
            bytes.append(number: hot.prefix.wireNumber)
            bytes.append(hot.event.rawValue)
            bytes.append(number: hot.count)
        }
        guard !beat.limits.values.isEmpty else { return }
        bytes.append(UInt8(beat.limits.values.count))
        for value in beat.limits.values { bytes.append(number: value) }
    }

    // MARK: Sizes

    static func byteCount(_ item: EntryItem) -> Int {
        switch item {
        case .open(_, _, let frame): headBytes + 16 + frame.count
        case .said(_, let frame): headBytes + 8 + frame.count
        case .gone: headBytes + 8
        case .ping, .pong: headBytes
        }
    }

    static func byteCount(_ item: HomeItem) -> Int {
        switch item {
        case .told(_, let frame, _): headBytes + 9 + frame.count
        case .closed, .notHere: headBytes + 8
        case .ping, .pong: headBytes
        }
    }

    static func byteCount(_ item: LooseItem) -> Int {
        switch item {
        case .over, .callGone: headBytes + 8
        case .taken: headBytes + Registration.offerByteCount + 4
        case .call(let call): headBytes + 9 + call.body.count
        case .answered(let answer): headBytes + 10 + answer.body.count
        case .beat(let beat):
            headBytes + 7 + min(beat.hot.count, Beat.prefixes) * 11 + beat.limits.values.count * 4
        }
    }
}

// MARK: - Reading

extension ContentCodec {
    /// Reads a content. The caller has checked that it is no longer than ``EnvelopeLimits/contentBytes``.
    package static func read(_ bytes: [UInt8]) throws(ContentError) -> FleetContent {
        var content = FleetContent()
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            var (kind, section) = try reader.section()
            switch Section(rawValue: kind) {
            case .fromEntry:
                guard content.fromEntry == nil else { throw .twice }
                content.fromEntry = try part(&section, entryItem)
            case .fromHome:
                guard content.fromHome == nil else { throw .twice }
                content.fromHome = try part(&section, homeItem)
            case .over: content.loose.append(.over(TrunkID(number: try section.number(UInt64.self))))
            case .taken:
                let offer = try section.bytes(Registration.offerByteCount)
                content.loose.append(.taken(offer: offer, attempt: try section.number(UInt32.self)))
            case .call: if let call = try call(&section) { content.loose.append(.call(call)) }
            case .answered: content.loose.append(.answered(try answered(&section)))
            case .callGone: content.loose.append(.callGone(try counted(&section)))
            case .beat: content.loose.append(.beat(try beat(&section)))
            case nil: break
            }
        }
        return content
    }

    private static func part<Kind>(
        _ section: inout ByteReader,
        _ item: (Item, inout ByteReader) throws(ContentError) -> Kind?
    ) throws(ContentError) -> TrunkPart<Kind> {
        let trunk = TrunkID(number: try section.number(UInt64.self))
        var part = TrunkPart<Kind>(trunk: trunk, number: try counted(&section), items: [])
        while !section.isAtEnd {
            var (kind, content) = try section.section()
            guard let known = Item(rawValue: kind), let item = try item(known, &content) else { continue }
            part.items.append(item)
        }
        return part
    }

    /// Reads an item of an entry; nil if it is none, as of a later version.
    private static func entryItem(_ item: Item, _ content: inout ByteReader) throws(ContentError) -> EntryItem? {
        switch item {
        case .open:
            let leg = try counted(&content)
            let prefix = try prefix(&content)
            return .open(leg: leg, prefix, frame: try frame(&content))
        case .said: return .said(leg: try counted(&content), frame: try frame(&content))
        case .gone: return .gone(leg: try counted(&content))
        case .ping: return .ping
        case .pong: return .pong
        case .told, .closed, .notHere: return nil
        }
    }

    private static func homeItem(_ item: Item, _ content: inout ByteReader) throws(ContentError) -> HomeItem? {
        switch item {
        case .told:
            let leg = try counted(&content)
            let hasMeeting = try flag(&content)
            return .told(leg: leg, frame: try frame(&content), hasMeeting: hasMeeting)
        case .closed: return .closed(leg: try counted(&content))
        case .notHere: return .notHere(leg: try counted(&content))
        case .ping: return .ping
        case .pong: return .pong
        case .open, .said, .gone: return nil
        }
    }

    /// Reads a call; nil if it is of a later version's kind.
    private static func call(_ section: inout ByteReader) throws(ContentError) -> LongPollCall? {
        let number = try counted(&section)
        let kind = LongPollCall.Kind(rawValue: try section.number(UInt8.self))
        let body = try body(&section)
        return kind.map { LongPollCall(number: number, $0, body: body) }
    }

    private static func answered(_ section: inout ByteReader) throws(ContentError) -> LongPollAnswered {
        let number = try counted(&section)
        let status = try section.number(UInt16.self)
        return LongPollAnswered(number: number, status: status, body: try body(&section))
    }

    private static func beat(_ section: inout ByteReader) throws(ContentError) -> Beat {
        var beat = Beat(version: try section.number(UInt16.self), load: try section.number(UInt16.self))
        beat.isDraining = try flag(&section)
        let count = Int(try section.number(UInt8.self))
        guard count <= Beat.prefixes else { throw .tooMany }
        for _ in 0..<count {
            let prefix = try prefix(&section)
            let event = SharedCount.Event(rawValue: try section.number(UInt8.self))
            let count = try section.number(UInt16.self)
            // A later version may count more.
            if let event { beat.hot.append(SharedCount(prefix, event, count: count)) }
        }
        // An earlier version tells no limits.
        if !section.isAtEnd {
            var values: [UInt32] = []
            for _ in 0..<(try section.number(UInt8.self)) { values.append(try section.number(UInt32.self)) }
            beat.limits = CommonLimits(values: values)
        }
        return beat
    }

    private static func counted(_ reader: inout ByteReader) throws(ContentError) -> UInt64 {
        let number = try reader.number(UInt64.self)
        guard number > 0 else { throw .noNumber }
        return number
    }

    private static func flag(_ reader: inout ByteReader) throws(ContentError) -> Bool {
        switch try reader.number(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .badValue
        }
    }

    private static func prefix(_ reader: inout ByteReader) throws(ContentError) -> AddressPrefix {
        guard let prefix = AddressPrefix(wireNumber: try reader.number(UInt64.self)) else { throw .badPrefix }
        return prefix
    }

    private static func frame(_ reader: inout ByteReader) throws(ContentError) -> [UInt8] {
        let frame = reader.remainder()
        guard EnvelopeLimits.frameBytes.contains(frame.count) else { throw .badLength }
        return frame
    }

    private static func body(_ reader: inout ByteReader) throws(ContentError) -> [UInt8] {
        let body = reader.remainder()
        guard body.count <= EnvelopeLimits.callBytes else { throw .badLength }
        return body
    }
}
