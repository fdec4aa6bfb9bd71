/// Where the master of a group of Redis servers is, as its sentinels say: one of them is asked each second, and tells by
/// itself when it has made another server the master. When it does not answer, the next one is asked.
///
/// It opens no socket and reads no clock, as ``RedisMachine``.
package struct SentinelMachine {
    package enum Effect: Hashable {
        /// Open both connections to the sentinel of this number. They are those of this attempt.
        case open(sentinel: Int, attempt: Int)
        /// Close both connections of this attempt.
        case close(attempt: Int)
        /// The master is there.
        case master(RedisPlace)
    }

    private struct Lines {
        var readers: [RedisLine: RESPReader]
        var output: [RedisLine: [UInt8]]
        /// Since when an answer is awaited, and when to ask next.
        var asked: Duration?
        var nextAsk: Duration
    }

    private enum State {
        /// Next: watching.
        case idle
        /// Next: watching, idle.
        case pausing(until: Duration)
        /// Next: pausing, idle.
        case watching
    }

    private let master: [UInt8]
    private let count: Int
    private let limits: RedisLimits
    private var random: any RandomNumberGenerator & Sendable
    private var state = State.idle
    private var lines: Lines?
    private var attempt = 0
    private var sentinel = 0
    /// How many sentinels in a row have not said where the master is.
    private var failures = 0

    /// - Parameters:
    ///   - master: the name that the sentinels have for the group.
    ///   - sentinels: how many sentinels there are.
    package init(
        master: String,
        sentinels: Int,
        limits: RedisLimits = RedisLimits(),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        precondition(sentinels > 0, "no sentinel")
        (self.master, count, self.limits, self.random) = (Array(master.utf8), sentinels, limits, random)
    }

    /// Whether every sentinel has failed since one has said where the master is.
    package var isLost: Bool { failures >= count }

    package mutating func start(at now: Duration) -> [Effect] {
        let effects = stop()
        failures = 0
        return effects + open(now)
    }

    package mutating func stop() -> [Effect] {
        state = .idle
        return lines.take() == nil ? [] : [.close(attempt: attempt)]
    }

    package mutating func failed(attempt: Int, at now: Duration) -> [Effect] {
        attempt == self.attempt ? turn(now) : []
    }

    package mutating func received(
        _ bytes: Span<UInt8>,
        on line: RedisLine,
        attempt: Int,
        at now: Duration
    ) -> [Effect] {
        guard attempt == self.attempt, lines != nil else { return [] }
        var effects: [Effect] = []
        var place = 0
        do throws(RESPError) {
            while let value = try lines?.readers[line]?.next(in: bytes, from: &place) {
                switch line {
                case .questions:
                    guard lines?.asked != nil, let master = Self.place(of: value) else { return effects + turn(now) }
                    lines?.asked = nil
                    failures = 0
                    effects.append(.master(master))
                case .messages:
                    guard case .list(let values) = value else { return effects + turn(now) }
                    if let master = moved(values) { effects.append(.master(master)) }
                }
            }
        } catch {
            return effects + turn(now)
        }
        return effects
    }

    package mutating func takeOutput(_ line: RedisLine) -> [UInt8]? {
        guard let bytes = lines?.output[line], !bytes.isEmpty else { return nil }
        lines?.output[line] = []
        return bytes
    }

    package var due: Duration? {
        switch state {
        case .idle: nil
        case .pausing(let until): until
        case .watching: lines.map { lines in lines.asked.map { $0 + limits.answer } ?? lines.nextAsk }
        }
    }

    package mutating func timePassed(_ now: Duration) -> [Effect] {
        guard let due, due <= now else { return [] }
        switch state {
        case .idle: return []
        case .pausing: return open(now)
        case .watching:
            guard lines?.asked == nil else { return turn(now) }
            ask(now)
            return []
        }
    }

    // MARK: - Steps

    private mutating func open(_ now: Duration) -> [Effect] {
        attempt += 1
        lines = Lines(
            readers: [.messages: RESPReader(limits: limits.resp), .questions: RESPReader(limits: limits.resp)],
            output: [.messages: RESPCommand("SUBSCRIBE", "+switch-master").encoded],
            nextAsk: now
        )
        ask(now)
        state = .watching
        return [.open(sentinel: sentinel, attempt: attempt)]
    }

    private mutating func ask(_ now: Duration) {
        let question = Self.question(master).encoded
        lines?.output[.questions, default: []] += question
        let next = now + limits.look
        lines?.asked = now
        lines?.nextAsk = next
    }

    /// Leaves this sentinel for the next.
    private mutating func turn(_ now: Duration) -> [Effect] {
        guard case .watching = state else { return [] }
        let effects = stop()
        sentinel = (sentinel + 1) % count
        // All sentinels are tried once before the pauses grow.
        state = .pausing(until: now + limits.pause(after: failures / count, using: &random))
        failures += 1
        return effects
    }

    /// The question where the master of a group is.
    package static func question(_ master: [UInt8]) -> RESPCommand {
        RESPCommand(words: [Array("SENTINEL".utf8), Array("GET-MASTER-ADDR-BY-NAME".utf8), master])
    }

    /// The place in an answer; nil if there is none, because the sentinel knows no such group or refuses.
    package static func place(of value: RESPValue) -> RedisPlace? {
        guard case .list(let values) = value, values.count == 2, case .text(let host) = values[0],
            case .text(let port) = values[1]
        else { return nil }
        return place(host[...], port[...])
    }

    private static func place(_ host: ArraySlice<UInt8>, _ port: ArraySlice<UInt8>) -> RedisPlace? {
        guard (1...253).contains(host.count), host.allSatisfy({ (0x21...0x7E).contains($0) }),
            let number = Int(String(decoding: port, as: UTF8.self)), (1...65_535).contains(number)
        else { return nil }
        return RedisPlace(host: String(decoding: host, as: UTF8.self), port: number)
    }

    /// The new place in a message about this group: its name, the old host and port, and the new ones.
    private func moved(_ values: [RESPValue]) -> RedisPlace? {
        guard values.count == 3, values[0] == .text("message"), case .text(let text) = values[2] else { return nil }
        let words = text.split(separator: UInt8(ascii: " "))
        guard words.count == 5, words[0].elementsEqual(master) else { return nil }
        return Self.place(words[3], words[4])
    }
}
