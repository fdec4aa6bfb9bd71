private import DequeModule
import EasySetupRelayProtocol

/// The numbered frames of one long-polling session, in both directions. Because frames have numbers, a repeated request
/// is harmless (`Protocol/http.md`, "Numbers").
struct FrameWindow: Sendable {
    /// How the `received` number of a poll compares with the numbers of the frames that the relay has sent.
    enum Standing: Equatable {
        case current
        /// Lower than in an earlier poll: an old request that arrives late, because a proxy delayed it for example.
        case late
        /// Higher than any number that was sent.
        case gap
    }

    /// The highest number of the device's frames that have arrived without a gap.
    private(set) var have: UInt32 = 0
    /// Whether the session is closed. A closed session takes no frame from the device and queues none for it.
    private(set) var isClosed = false
    /// The frames queued for the device until it acknowledges them.
    private var frames = Deque<[UInt8]>()
    /// The number of the frame before the first of `frames`.
    private var acknowledged: UInt32 = 0
    /// The bytes of `frames`, including the overhead of storing them.
    private(set) var bytes = 0

    /// Whether the answer to a poll would say something: there are frames for the device, or the session is closed.
    var hasNews: Bool { isClosed || !frames.isEmpty }

    /// Takes the new frames of a request; `first` is the number of the first of `frames`. Nil when a frame before them
    /// is missing; then none is taken. Frames that arrive after closing count as received, but are dropped, because the
    /// device sent them before it knew of the closing.
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

    /// Applies the acknowledgement in a poll, `received`, and drops the acknowledged frames.
    mutating func acknowledge(_ received: UInt32) -> Standing {
        guard received >= acknowledged else { return .late }
        guard Int(received - acknowledged) <= frames.count else { return .gap }
        while acknowledged < received, let frame = frames.popFirst() {
            bytes -= Self.cost(of: frame)
            acknowledged += 1
        }
        return .current
    }

    /// The answer to a poll: as many queued frames as fit into a body. It has no frames when the poll's waiting time
    /// ended first.
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

    /// An answer without frames, for a poll that a newer poll replaced.
    func emptyAnswer() -> PollAnswer {
        PollAnswer(first: acknowledged + 1, frames: [])
    }

    private static func cost(of frame: [UInt8]) -> Int { frame.count + 48 }

    /// The most bytes that a frame takes in the body beyond its own: a field number, and a length of up to three bytes.
    private static let bytesAroundFrame = 4
    /// The most bytes that the fields `first` (6) and `closed` (2) take together in the body.
    private static let bytesAround = 8
}
