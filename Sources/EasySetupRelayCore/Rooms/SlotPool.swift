import EasySetupRelayProtocol

/// Draws slots (the public parts of codes) at random. Few of all slots are in use, and the pool does not draw a slot
/// again within twice a room's longest life (`Protocol/relay.md`, "Slots").
///
/// For each length from 3 to 5 symbols there are two bit maps. The pool marks a slot that it hands out in the current
/// map. In each period it clears the older of the two maps, which becomes the current one; a slot is free again when
/// neither map has its mark. The maps of the three lengths have 4 KiB, 128 KiB and 4 MiB each, allocated at first use.
/// A map for 6 symbols would have 128 MiB, so for that length the pool only avoids the slots of existing rooms: with
/// 2^30 slots and at most 20,000 rooms, the chance that a random slot was in use in the last half hour is one in
/// 50,000.
struct SlotPool: Sendable {
    private let period: Duration
    private let guardedUntil: Duration
    /// The bit maps of each length in ``mappedLengths``.
    private var maps: [Maps]

    /// The most random draws for one slot. At least three quarters of the slots of a length are free when the pool
    /// draws one, so 128 draws in a row practically never all fail.
    private static let probes = 128
    private static let mappedLengths = 3...5

    init(limits: Limits, started: Duration) {
        period = limits.roomLifetime * 2
        guardedUntil = started + limits.restartGuard
        maps = Self.mappedLengths.map { Maps(bits: 1 << (5 * $0)) }
    }

    /// Draws a free slot of at least `length` symbols; 0 leaves the length to the pool. Nil when no slot was found.
    mutating func draw(
        atLeast length: Int,
        now: Duration,
        entropy: inout some RandomNumberGenerator,
        isLive: (Slot) -> Bool
    ) -> Slot? {
        let shortest = now < guardedUntil ? Slot.lengths.lowerBound + 1 : Slot.lengths.lowerBound
        for length in max(length, shortest)...Slot.lengths.upperBound {
            let map = advance(length, now)
            // The pool hands out at most a quarter of the slots of a length, so that a guessed slot seldom has a room.
            // Then it draws slots that are one symbol longer.
            if let map, maps[map].marked >= (1 << (5 * length)) / 4 { continue }
            for _ in 0..<Self.probes {
                // The number of slots is a power of two, so the first bits of a random number are a random slot.
                let number = Int(entropy.next() >> UInt64(64 - 5 * length))
                if let map, maps[map].isMarked(number) { continue }
                guard let slot = Self.slot(number, length: length), !isLive(slot) else { continue }
                if let map { maps[map].mark(number) }
                return slot
            }
        }
        return nil
    }

    /// Marks the slot of a restored room as used. An earlier run of the relay drew this slot, so this pool does not
    /// know of it yet.
    mutating func mark(_ slot: Slot, now: Duration) {
        let length = slot.symbols.utf8.count
        if let map = advance(length, now) { maps[map].mark(Self.number(slot)) }
    }

    /// Prepares the bit maps of this length for their use at this time, and returns their index in ``maps``; nil if
    /// slots of this length have no map.
    private mutating func advance(_ length: Int, _ now: Duration) -> Int? {
        guard Self.mappedLengths.contains(length) else { return nil }
        let map = length - Self.mappedLengths.lowerBound
        maps[map].advance(now, period: period)
        return map
    }

    static func slot(_ number: Int, length: Int) -> Slot? {
        let symbols = (0..<length).map { Slot.alphabet[number >> (5 * (length - 1 - $0)) & 31] }
        return Slot(String(decoding: symbols, as: UTF8.self))
    }

    private static func number(_ slot: Slot) -> Int {
        slot.symbols.utf8.reduce(0) { $0 << 5 | (Slot.alphabet.firstIndex(of: $1) ?? 0) }
    }
}

/// The used slots (public parts of codes) of one length: a bit map for the current period and one for the previous
/// period.
private struct Maps: Sendable {
    private let bits: Int
    /// Both are empty until the first call of ``advance(_:period:)``.
    private var current: [UInt64] = []
    private var previous: [UInt64] = []
    private var since = Duration.zero
    private var markedNow = 0
    private var markedBefore = 0

    init(bits: Int) {
        self.bits = bits
    }

    var marked: Int { markedNow + markedBefore }

    func isMarked(_ number: Int) -> Bool {
        (current[number / 64] | previous[number / 64]) >> UInt64(number % 64) & 1 == 1
    }

    mutating func mark(_ number: Int) {
        guard !isMarked(number) else { return }
        current[number / 64] |= 1 << UInt64(number % 64)
        markedNow += 1
    }

    mutating func advance(_ now: Duration, period: Duration) {
        if current.isEmpty {
            current = [UInt64](repeating: 0, count: bits / 64)
            previous = current
            since = now
        }
        guard now >= since + period else { return }
        let isLongAgo = now >= since + period + period
        swap(&current, &previous)
        if isLongAgo { for index in previous.indices { previous[index] = 0 } }
        for index in current.indices { current[index] = 0 }
        markedBefore = isLongAgo ? 0 : markedNow
        markedNow = 0
        since = now
    }
}
