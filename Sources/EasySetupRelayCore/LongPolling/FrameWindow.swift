private import DequeModule
import EasySetupRelayProtocol

/// The numbered frames of one long-polling session, in both directions. Because of the numbers, the relay recognises a
/// request that the device repeats (`Protocol/http.md`, "Numbers").
struct FrameWindow: Sendable {
    /// How the `received` number of a poll (the last frame that the device has) compares with the numbers of the frames
    /// that the relay has sent.
    enum Standing: Equatable {
        case current
        /// `received` is lower than in an earlier poll: this poll arrived late, for example because a proxy delayed it.
        case late
        /// `received` is higher than the number of the last frame that the relay has queued for this device.
        case gap
    }

    /// The highest number up to which all frames from the device have arrived.
    private(set) var have: UInt32 = 0
    /// Whether the session is closed. The relay then drops frames that arrive from the device, and queues none for the
    /// device.
    private(set) var isClosed = false
    /// The frames for the device that the device has not acknowledged yet.
    private var frames = Deque<[UInt8]>()
    /// The highest frame number that the device has acknowledged. The first of `frames` has the next number.
    private var acknowledged: UInt32 = 0
    /// The memory that `frames` take, in bytes: their sizes and an overhead for each.
    private(set) var bytes = 0

    /// Whether a poll can be answered now: there are frames for the device, or the session is closed.
    var hasNews: Bool { isClosed || !frames.isEmpty }

    /// Takes a request's frames, of which the first has the number `first`, and returns those that are new. Returns
    /// nil, and takes none, if a frame before them is missing. Frames that arrive after the session was closed count as
    /// received, but are dropped, because the device sent them before it knew of the closing.
    mutating func take(_ frames: [[UInt8]], from first: UInt32) -> ArraySlice<[UInt8]>? {
        guard first >= 1, let count = UInt32(exactly: frames.count), first - 1 <= have else { return nil }
        let (last, isBeyond) = (first - 1).addingReportingOverflow(count)
        guard !isBeyond else { return nil }
        let known = min(Int(have - (first - 1)), frames.count)
        have = max(have, last)
        return isClosed ? [] : frames.dropFirst(known)
    }

    /// Queues a frame for the device, unless the session is closed.
    mutating func add(_ frame: [UInt8]) {
        guard !isClosed else { return }
        frames.append(frame)
        bytes += Self.cost(of: frame)
    }

    mutating func close() {
        isClosed = true
    }

    /// Applies the `received` number of a poll: drops the queued frames up to this number, because the device has them.
    mutating func acknowledge(_ received: UInt32) -> Standing {
        guard received >= acknowledged else { return .late }
        guard Int(received - acknowledged) <= frames.count else { return .gap }
        while acknowledged < received, let frame = frames.popFirst() {
            bytes -= Self.cost(of: frame)
            acknowledged += 1
        }
        return .current
    }

    /// The answer to a poll: as many of the queued frames as fit into one body. It has no frames if none were queued
    /// until the poll's waiting time ended.
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

    /// An answer without frames, for a poll that a newer poll has replaced or overtaken.
    func emptyAnswer() -> PollAnswer {
        PollAnswer(first: acknowledged + 1, frames: [])
    }

    private static func cost(of frame: [UInt8]) -> Int { frame.count + 48 }

    /// The most bytes that a frame needs in the body of an answer in addition to its own: a field number (1 byte), and
    /// a length (up to 3 bytes).
    private static let bytesAroundFrame = 4
    /// The most bytes that the fields `first` (6 bytes) and `closed` (2 bytes) take together in the body of an answer
    /// to a poll.
    private static let bytesAround = 8
}
