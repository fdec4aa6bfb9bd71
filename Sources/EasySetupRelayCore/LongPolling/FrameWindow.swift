private import DequeModule
import EasySetupRelayProtocol

/// The numbered frames of one long-polling session, in both directions. Numbers make repeated requests harmless
/// (`Protocol/http.md`, "Numbers").
struct FrameWindow: Sendable {
    /// How a poll's `received` number compares with what was sent.
    enum Standing: Equatable {
        case current
        /// Lower than in an earlier poll: an old request that arrives late, from a proxy for example.
        case late
        /// Higher than any number that was sent.
        case gap
    }

    /// The highest number of the device's frames that have arrived without a gap.
    private(set) var have: UInt32 = 0
    /// After closing, no frame is taken from the device or queued for it.
    private(set) var isClosed = false
    /// The frames queued for the device until it acknowledges them.
    private var frames = Deque<[UInt8]>()
    /// The number before the first of `frames`.
    private var acknowledged: UInt32 = 0
    /// The bytes of `frames`, including the overhead of storing them.
    private(set) var bytes = 0

    /// Whether there is something to answer a poll with.
    var hasNews: Bool { isClosed || !frames.isEmpty }

    /// Takes the new frames of a request. Nil when a frame before them is missing; then none is taken. Frames that
    /// arrive after closing count as received and are dropped, because they crossed with the closing.
    mutating func take(_ frames: [[UInt8]], from first: UInt32) -> ArraySlice<[UInt8]>? {
        guard first >= 1, let count = UInt32(exactly: frames.count), first - 1 <= have else { return nil }
        let (last, isBeyond) = (first - 1).addingReportingOverflow(count)
        guard !isBeyond else { return nil }
        let known = min(Int(have - (first - 1)), frames.count)
        have = max(have, last)
        return isClosed ? [] : frames.dropFirst(known)
    }

    /// Queues a frame for the device.
    mutating func add(_ frame: [UInt8]) {
        guard !isClosed else { return }
        frames.append(frame)
        bytes += Self.cost(of: frame)
    }

    mutating func close() {
        isClosed = true
    }

    /// Applies the acknowledgement in a poll and drops the acknowledged frames.
    mutating func acknowledge(_ received: UInt32) -> Standing {
        guard received >= acknowledged else { return .late }
        guard Int(received - acknowledged) <= frames.count else { return .gap }
        while acknowledged < received, let frame = frames.popFirst() {
            bytes -= Self.cost(of: frame)
            acknowledged += 1
        }
        return .current
    }

    /// The answer to a poll: as many queued frames as fit into a body. With no frames, it is the answer to a poll that
    /// waited in vain.
    func answer() -> PollAnswer {
        var room = WireLimits.callBytes - Self.bytesAround
        var fitting: [[UInt8]] = []
        for frame in frames {
            room -= frame.count + Self.bytesAroundFrame
            guard room >= 0 else { break }
            fitting.append(frame)
        }
        return PollAnswer(first: acknowledged + 1, frames: fitting, isClosed: isClosed && fitting.count == frames.count)
    }

    /// An answer without frames, for a poll that a newer one replaced.
    func emptyAnswer() -> PollAnswer {
        PollAnswer(first: acknowledged + 1, frames: [])
    }

    private static func cost(of frame: [UInt8]) -> Int { frame.count + 48 }

    /// The overhead of a frame in the body: a field number, and a length of up to three bytes.
    private static let bytesAroundFrame = 4
    /// The largest size of the fields `first` and `closed`.
    private static let bytesAround = 8
}
