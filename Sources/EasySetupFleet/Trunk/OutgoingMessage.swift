package import EasySetupFleetStore

/// A message to be published, with all that a batch of events has led to for one run.
package struct OutgoingMessage: Hashable, Sendable {
    package let receiver: RunID
    package let content: FleetContent

    package init(to receiver: RunID, _ content: FleetContent) {
        (self.receiver, self.content) = (receiver, content)
    }
}

/// The facts about a published message that matter where nobody has heard it. It has nothing of what devices say, so that
/// a relay keeps no frames while the store does not answer.
package struct SentMessage: Hashable, Sendable {
    package let receiver: RunID
    /// The trunk on which this run is the entry, and the number of the message there.
    package let fromEntry: Place?
    /// The trunk on which this run is the home.
    package let fromHome: TrunkID?
    /// The numbers of the calls that were handed on with it.
    package let calls: [UInt64]

    package struct Place: Hashable, Sendable {
        package let trunk: TrunkID
        package let number: UInt64
    }

    package init(_ message: OutgoingMessage) {
        receiver = message.receiver
        fromEntry = message.content.fromEntry.map { Place(trunk: $0.trunk, number: $0.number) }
        fromHome = message.content.fromHome?.trunk
        calls = message.content.loose.compactMap { if case .call(let call) = $0 { call.number } else { nil } }
    }
}

/// The items for one run that wait for the end of a batch.
struct Outbox: Sendable {
    var loose: [LooseItem] = []
    var fromEntry: [EntryItem] = []
    var fromHome: [HomeItem] = []

    var isEmpty: Bool { loose.isEmpty && fromEntry.isEmpty && fromHome.isEmpty }

    /// Removes the first items, as many as fit into one message.
    mutating func takeMessage() -> Outbox {
        var left = EnvelopeLimits.contentBytes
        var message = Outbox()
        message.loose = Self.take(&loose, &left) { ContentCodec.byteCount($0) }
        left -= ContentCodec.partBytes
        message.fromEntry = Self.take(&fromEntry, &left) { ContentCodec.byteCount($0) }
        left -= ContentCodec.partBytes
        message.fromHome = Self.take(&fromHome, &left) { ContentCodec.byteCount($0) }
        return message
    }

    private static func take<Item>(_ items: inout [Item], _ left: inout Int, _ bytes: (Item) -> Int) -> [Item] {
        var count = 0
        while count < items.count {
            let size = bytes(items[count])
            // No item is longer than a message; what does not fit is the next message's.
            guard size <= left else { break }
            left -= size
            count += 1
        }
        guard count < items.count else {
            defer { items = [] }
            return items
        }
        defer { items.removeFirst(count) }
        return Array(items[..<count])
    }
}
