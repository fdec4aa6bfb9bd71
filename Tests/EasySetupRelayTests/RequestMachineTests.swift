import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import Testing

@testable import EasySetupRelay

/// Transcripts of the ``RequestMachine``, one line per event.
@Suite("The machine of a request") struct RequestMachineTests {
    private static let poll = HTTPRoutes.Answer.call(.poll)

    private func machine(_ change: (inout ConnectionLimits) -> Void = { _ in }, isFromProxy: Bool = false)
        -> RequestMachine
    {
        var limits = ConnectionLimits()
        change(&limits)
        return RequestMachine(limits: limits, isFromProxy: isFromProxy)
    }

    private func head(_ uri: String = "/easysetup/v1/poll", _ headers: [(String, String)] = []) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: .POST, uri: uri, headers: HTTPHeaders(headers))
    }

    private func call(_ machine: inout RequestMachine, at now: NIODeadline = .uptimeNanoseconds(0))
        -> [RequestMachine.Action]
    {
        machine.received(head(), answer: Self.poll, now: now) + machine.receivedEnd()
    }

    private func responds(_ actions: [RequestMachine.Action], _ afterwards: RequestMachine.Afterwards) -> Bool {
        guard case .respond(_, then: let then)? = actions.last else { return false }
        return then == afterwards
    }

    @Test("A call is passed to the core when it is whole, answered, and followed by the next") func callPassedCore() {
        var machine = machine()
        #expect(machine.received(head(), answer: Self.poll, now: .now()).isEmpty)
        #expect(machine.received(body: ByteBuffer(bytes: [1, 2])) == [.keep(difference: 2, total: 2)])
        #expect(machine.bodyAccounted(isAccepted: true).isEmpty)
        #expect(machine.receivedEnd() == [.watchIdleness, .call(.poll, body: [1, 2], [:])])
        #expect(!machine.isNobody)
        let answered = machine.answered(.body([3]))
        #expect(answered == [.keep(difference: -2, total: 0), .respond(.call([3]), then: .next)])
        #expect(machine.readCompleted().isEmpty)
        // The machine handles the next request only when the answer to the last one is written.
        #expect(call(&machine).isEmpty)
        #expect(machine.responseWritten() == [.call(.poll, body: [], [:])])
    }

    @Test("A poll waits for its device's answer, and its connection counts as that device's then")
    func pollWaitsDevice() {
        var machine = machine()
        _ = call(&machine)
        let device = ConnectionID(callsAs: 7)
        #expect(machine.answered(.later(of: device)).isEmpty)
        #expect(machine.poller == device)
        #expect(machine.countIdleFourths() == 0)
        #expect(responds(machine.answered(.body([])), .next))
        #expect(machine.poller == nil)
        #expect(machine.countIdleFourths() == 1)
        #expect(machine.countIdleFourths() == 2)
    }

    @Test("Bodies beyond the limit of all bodies end the connection") func bodiesBeyondLimit() {
        var machine = machine()
        _ = machine.received(head(), answer: Self.poll, now: .now())
        _ = machine.received(body: ByteBuffer(bytes: [1]))
        #expect(machine.bodyAccounted(isAccepted: false) == [.close])
        #expect(machine.received(body: ByteBuffer(bytes: [1])).isEmpty)
        #expect(machine.receivedEnd() == [.close])
    }

    @Test("A body that is too large is refused before it is whole, and the rest is awaited") func largeBody() {
        var machine = machine()
        _ = machine.received(head(), answer: Self.poll, now: .now())
        _ = machine.received(body: ByteBuffer(repeating: 1, count: WireLimits.callBytes))
        _ = machine.bodyAccounted(isAccepted: true)
        let actions = machine.received(body: ByteBuffer(bytes: [1]))
        #expect(actions.first == .keep(difference: -WireLimits.callBytes, total: 0))
        #expect(actions.contains(.noteRefusal(.bodyTooLarge)))
        #expect(responds(actions, .linger))
        #expect(machine.isLingering && machine.isNobody)
        #expect(machine.receivedEnd() == [.close])
    }

    @Test("A device that waits to be asked for its body is asked once") func deviceWaitsAsked() {
        var machine = machine()
        let head = head("/easysetup/v1/send", [("Expect", "100-continue")])
        #expect(machine.received(head, answer: .call(.send), now: .now()) == [.askForBody])
        #expect(machine.received(body: ByteBuffer()).isEmpty)
    }

    @Test("An upgrade is handed over when it is whole, and refused behind another request") func upgradeHandedOver() {
        var machine = machine()
        let head = head("/easysetup/v1/ws")
        #expect(machine.received(head, answer: .upgrade, now: .now()).isEmpty)
        #expect(machine.receivedEnd() == [.handOver(head)])
        #expect(machine.isHandingOver)
        var other = self.machine()
        _ = call(&other)
        _ = other.received(head, answer: .upgrade, now: .now())
        _ = other.answered(.body([]))
        let refused = other.responseWritten()
        #expect(refused.first == .noteRefusal(.badUpgrade) && responds(refused, .linger))
    }

    @Test("More requests than may wait behind a poll end the connection") func tooManyBehindPoll() {
        var machine = machine { $0.waitingRequests = 1 }
        _ = call(&machine)
        _ = machine.answered(.later(of: ConnectionID(callsAs: 1)))
        #expect(call(&machine).isEmpty)
        #expect(machine.received(head(), answer: Self.poll, now: .now()) == [.close])
    }

    @Test(
        "After more requests than one device makes, the connection is closed, unless it is a proxy's",
        arguments: [false, true]
    )
    func requestsDeviceMakes(_ isProxy: Bool) {
        var machine = machine({ $0.requestsPerInterval = 2 }, isFromProxy: isProxy)
        let start = NIODeadline.uptimeNanoseconds(1_000)
        for _ in 0..<2 {
            _ = call(&machine, at: start)
            #expect(responds(machine.answered(.body([])), .next))
            _ = machine.responseWritten()
        }
        var fresh = machine
        _ = call(&machine, at: start)
        #expect(responds(machine.answered(.body([])), isProxy ? .next : .close))
        // In a new interval, the count begins at zero.
        _ = call(&fresh, at: start + TimeAmount(ConnectionLimits().pingInterval))
        #expect(responds(fresh.answered(.body([])), .next))
    }

    @Test("Each later request has its time from its first byte, reported once") func laterRequests() {
        var machine = machine()
        #expect(machine.isReading(request: 1))
        _ = call(&machine)
        #expect(!machine.isReading(request: 1))
        #expect(machine.readCompleted().isEmpty)
        // The connection then reads bytes that are not a whole part of the next request yet.
        _ = machine.answered(.body([]))
        #expect(machine.readCompleted() == [.watchOpening(request: 2)])
        #expect(machine.readCompleted().isEmpty)
        #expect(machine.isReading(request: 2))
    }

    @Test(
        "A request that the parser refuses is answered and the connection closed; behind a call that waits it is only closed"
    ) func requestParserRefuses() {
        var machine = machine()
        let actions = machine.failed(.badRequest)
        #expect(actions.first == .noteRefusal(.badRequest) && responds(actions, .close))
        #expect(machine.failed(.badRequest).isEmpty)
        var waiting = self.machine()
        _ = call(&waiting)
        #expect(waiting.failed(.badRequest) == [.close])
        var broken = self.machine()
        #expect(broken.failed(nil) == [.close])
    }
}
