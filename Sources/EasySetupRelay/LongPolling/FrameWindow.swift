import EasySetupRelayProtocol
import NIOCore

/// The frames of one connection by long polling, both ways, by their numbers: what makes a repeated call harmless
/// (`Protocol/http.md`, "Numbers").
struct FrameWindow: Sendable {
    /// How a poll's `received` stands to what was sent.
    enum Standing: Equatable {
        case current
        /// Below what an earlier poll said: an old call that comes late, from a proxy say.
        case late
        /// More than was ever sent.
        case gap
    }

    /// The highest number of the device's frames that came, without a gap.
    private(set) var have: UInt32 = 0
    /// Nothing is taken from the device any more, nothing is added for it.
    private(set) var isClosed = false
    /// What is kept for the device until it says that it has it.
    private var frames = CircularBuffer<[UInt8]>()
    /// The number before the first of `frames`.
    private var acknowledged: UInt32 = 0
    /// The bytes of `frames`, with what keeping them costs.
    private(set) var bytes = 0

    /// Whether a poll has something to be answered with.
    var hasNews: Bool { isClosed || !frames.isEmpty }

    /// Takes those of a call's frames that are new. Nil when one before them is missing, and then nothing is taken. Those that come
    /// after the end count as had, and are nobody's business: they crossed with it.
    mutating func take(_ frames: [[UInt8]], from first: UInt32) -> ArraySlice<[UInt8]>? {
        guard first >= 1, let count = UInt32(exactly: frames.count), first - 1 <= have else { return nil }
        let (last, isBeyond) = (first - 1).addingReportingOverflow(count)
        guard !isBeyond else { return nil }
        let known = min(Int(have - (first - 1)), frames.count)
        have = max(have, last)
        return isClosed ? [] : frames.dropFirst(known)
    }

    /// Keeps a frame for the device.
    mutating func add(_ frame: [UInt8]) {
        guard !isClosed else { return }
        frames.append(frame)
        bytes += Self.cost(of: frame)
    }

    mutating func close() {
        isClosed = true
    }

    /// A poll says how far the device has the frames; those are dropped.
    mutating func acknowledge(_ received: UInt32) -> Standing {
        guard received >= acknowledged else { return .late }
        guard Int(received - acknowledged) <= frames.count else { return .gap }
        while acknowledged < received, let frame = frames.popFirst() {
            bytes -= Self.cost(of: frame)
            acknowledged += 1
        }
        return .current
    }

    /// What a poll is answered now: as many frames as fit into a body. With none, it is the answer to a poll that waited in vain.
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

    /// An answer without any frames, to a poll that another one has taken the place of.
    func emptyAnswer() -> PollAnswer {
        PollAnswer(first: acknowledged + 1, frames: [])
    }

    private static func cost(of frame: [UInt8]) -> Int { frame.count + 48 }

    /// A field's number, and a length in up to three bytes.
    private static let bytesAroundFrame = 4
    /// `first` and `closed` at their longest.
    private static let bytesAround = 8
}
