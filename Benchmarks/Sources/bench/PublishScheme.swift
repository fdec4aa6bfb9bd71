/// A baseline: the same messages through Redis's publish and subscribe. It shows the cost of as many connections and
/// messages in a well-made event loop in C. Redis has no upgrade, no rooms and no rules, so it is no competitor.
final class PublishScheme: Scheme {
    static let command = ["redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    private let target: Target
    fileprivate static let sizes = [
        RecordedFrames.hello, RecordedFrames.reply, RecordedFrames.proof, RecordedFrames.proof, RecordedFrames.package,
        RecordedFrames.receipt,
    ]
    fileprivate let bodies = sizes.map { [UInt8](repeating: 0x5A, count: $0) }

    init(target: Target) {
        self.target = target
    }

    func make(number: Int, poller: Poller, owner: any PairingOwner) -> any RunningPairing {
        PublishPairing(scheme: self, target: target, number: number, poller: poller, owner: owner)
    }
}

/// A pairing with four connections. Each device subscribes on one and publishes on the other, because Redis lets no
/// subscriber publish.
private final class PublishPairing: RunningPairing, Stream.Owner {
    private let scheme: PublishScheme
    private let target: Target
    private let number: Int
    private let poller: Poller
    private weak var owner: (any PairingOwner)?
    private var ears: [Stream] = []
    private var mouths: [Stream] = []
    private var subscribed = 0
    private var opened = 0
    private var said = 0
    private var sentAt: UInt64 = 0
    private var itself: PublishPairing?

    init(scheme: PublishScheme, target: Target, number: Int, poller: Poller, owner: any PairingOwner) {
        self.scheme = scheme
        self.target = target
        self.number = number
        self.poller = poller
        self.owner = owner
    }

    func start() {
        itself = self
        for _ in 0..<2 {
            guard let ear = Stream(to: target, poller: poller, owner: self),
                let mouth = Stream(to: target, poller: poller, owner: self)
            else { return fail("no socket") }
            ears.append(ear)
            mouths.append(mouth)
        }
    }

    func opened(_ stream: Stream) {
        if let side = ears.firstIndex(where: { $0 === stream }) {
            stream.write("SUBSCRIBE \(number).\(side)\r\n".utf8)
            stream.flush()
        }
        opened += 1
        speakIfReady()
    }

    func received(_ bytes: UnsafeRawBufferPointer, on stream: Stream) -> Int {
        guard let side = ears.firstIndex(where: { $0 === stream }) else { return bytes.count }
        if subscribed < 2, bytes.count > 13, bytes[8] == 0x73 {
            subscribed += 1
            speakIfReady()
            return bytes.count
        }
        guard said > 0, bytes.count > PublishScheme.sizes[said - 1], bytes[bytes.count - 1] == 10 else { return 0 }
        owner?.relayed(nanoseconds: nanoseconds() - sentAt)
        if said < PublishScheme.sizes.count { speak(from: side) } else { finish() }
        return bytes.count
    }

    func closed(_ stream: Stream) {
        fail("closed after \(said) messages")
    }

    private func speakIfReady() {
        if subscribed == 2, opened == 4, said == 0 { speak(from: 0) }
    }

    private func speak(from side: Int) {
        let body = scheme.bodies[said]
        said += 1
        sentAt = nanoseconds()
        let channel = "\(number).\(1 - side)"
        mouths[side].write("*3\r\n$7\r\nPUBLISH\r\n$\(channel.utf8.count)\r\n\(channel)\r\n$\(body.count)\r\n".utf8)
        mouths[side].write(body)
        mouths[side].write([13, 10])
        mouths[side].flush()
    }

    private func finish() {
        closeAll()
        owner?.finished(self)
        itself = nil
    }

    private func fail(_ place: String) {
        guard let held = itself else { return }
        closeAll()
        owner?.failed(held, at: place)
        itself = nil
    }

    private func closeAll() {
        for stream in ears + mouths { stream.close() }
    }
}
