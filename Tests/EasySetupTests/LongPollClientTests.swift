import EasySetupRelayProtocol
import Testing

@testable import EasySetup

@Suite("The client of long polling") struct LongPollClientTests {
    private let connection = LongPollConnectionID([UInt8](repeating: 7, count: 16))!
    private let visit = DeviceFrame.visit(slot: Slot("ZZZ")!, work: nil)
    private let leave = DeviceFrame.leave(.cancelled)
    private let line = RelayFrame.inLine(position: 1)

    private func calls(insteadOf failure: PairingError? = nil) -> LongPollClient {
        LongPollClient(connection: connection, limits: ClientLimits(), insteadOf: failure)
    }

    /// A client whose first request has shown that the relay answers long-poll requests.
    private func entered() -> LongPollClient {
        var calls = calls()
        _ = calls.probe()
        _ = calls.answered(.send, word(404, "unknown-connection"), draw: 0)
        return calls
    }

    /// A client after the answer to its first `send`. Its first poll is running.
    private func open() -> LongPollClient {
        var calls = entered()
        _ = calls.send([visit])
        _ = calls.read()
        _ = calls.answered(.send, had(1), draw: 0)
        return calls
    }

    private func sending(_ first: UInt32, _ frames: [DeviceFrame], closing: Bool = false) -> LongPollClient.Step {
        let frames = frames.map { $0.serialized() }
        let call = SendCall(connection: connection, first: first, frames: frames, isClosing: closing)
        return .call(.send, body: call.serialized())
    }

    private func polling(_ received: UInt32, wait: Duration = .seconds(20)) -> LongPollClient.Step {
        .call(.poll, body: PollCall(connection: connection, received: received, wait: wait).serialized())
    }

    private func answer(_ body: [UInt8]) -> HTTPResult { .answered(status: 200, body: body, retryAfter: nil) }
    private func had(_ number: UInt32) -> HTTPResult { answer(SendAnswer(have: number).serialized()) }

    private func polled(_ first: UInt32, _ frames: [RelayFrame], closed: Bool = false) -> HTTPResult {
        answer(PollAnswer(first: first, frames: frames.map { $0.serialized() }, isClosed: closed).serialized())
    }

    private func word(_ status: Int, _ name: String, retryAfter: Int? = nil) -> HTTPResult {
        .answered(
            status: status,
            body: Array(#"{"type":"urn:easysetup:problem:\#(name)","status":\#(status)}"#.utf8),
            retryAfter: retryAfter.map { .seconds($0) }
        )
    }

    @Test("The client probes, then sends, and then asks for frames") func opening() {
        var calls = calls()
        #expect(calls.probe() == [sending(1, [])])
        #expect(calls.answered(.send, word(404, "unknown-connection"), draw: 0) == [.heard])
        #expect(calls.read() == [])
        #expect(calls.send([visit]) == [sending(1, [visit])])
        #expect(calls.answered(.send, had(1), draw: 0) == [polling(0)])
    }

    @Test("Frames from the time of the probe are sent when the relay has answered") func saidMeanwhile() {
        var calls = calls()
        _ = calls.probe()
        #expect(calls.send([visit]) == [])
        #expect(calls.send([leave]) == [])
        #expect(calls.read() == [])
        #expect(
            calls.answered(.send, word(404, "unknown-connection"), draw: 0) == [.heard, sending(1, [visit, leave])]
        )
    }

    @Test("One send is under way at a time, and later frames go together") func oneSend() {
        var calls = entered()
        #expect(calls.send([visit]) == [sending(1, [visit])])
        #expect(calls.send([leave]) == [])
        #expect(calls.send([leave, visit]) == [])
        #expect(calls.answered(.send, had(1), draw: 0) == [sending(2, [leave, leave, visit])])
        #expect(calls.answered(.send, had(4), draw: 0) == [])
    }

    @Test("A call holds the frames that fit, and the next one holds the rest") func batches() throws {
        var calls = open()
        let body = [UInt8](repeating: 1, count: 2048)
        let frames = (UInt32(1)...20).map { number in
            DeviceFrame.message(meeting: nil, Message(number: number, ack: 0, body: body))
        }
        var steps = calls.send(frames)
        var seen: [[UInt8]] = []
        while case .call(.send, let body)? = steps.first {
            #expect(body.count <= WireLimits.callBytes)
            let call = try SendCall(parsing: body)
            #expect(Int(call.first) == seen.count + 2)
            seen += call.frames
            steps = calls.answered(.send, had(UInt32(seen.count + 1)), draw: 0)
        }
        #expect(seen == frames.map { $0.serialized() })
    }

    @Test("The next poll comes when the session has handled the last") func backpressure() {
        var calls = open()
        #expect(
            calls.answered(.poll, polled(1, [line, line]), draw: 0) == [
                .deliver([ReceivedFrame(line), ReceivedFrame(line)])
            ]
        )
        #expect(calls.read() == [polling(2)])
        #expect(calls.read() == [])
    }

    @Test("A relay that answers polls and no sends is not polled further") func deafRelay() {
        var calls = open()
        #expect(calls.send([leave]) == [sending(2, [leave])])
        #expect(calls.answered(.poll, polled(1, [line]), draw: 0) == [.deliver([ReceivedFrame(line)])])
        #expect(calls.send([leave]) == [])
        #expect(calls.read() == [])
        #expect(calls.answered(.send, had(2), draw: 0) == [sending(3, [leave]), polling(1)])
    }

    @Test("Repeated frames are dropped, and new ones in the same answer are not") func repeats() {
        var calls = open()
        _ = calls.answered(.poll, polled(1, [line, line]), draw: 0)
        #expect(calls.read() == [polling(2)])
        let other = RelayFrame.inLine(position: 2)
        #expect(calls.answered(.poll, polled(1, [line, line, other]), draw: 0) == [.deliver([ReceivedFrame(other)])])
        #expect(calls.read() == [polling(3)])
        let pause = LongPollClient.Step.pause(.poll, .milliseconds(100))
        #expect(calls.answered(.poll, polled(1, [line]), draw: 0) == [pause])
        #expect(calls.pauseIsOver(.poll) == [polling(3)])
    }

    @Test("Impossible numbers end the connection") func gaps() {
        var calls = open()
        #expect(calls.answered(.poll, polled(2, [line]), draw: 0) == [.closed(.relayMisbehaved)])
        calls = open()
        _ = calls.send([leave])
        #expect(calls.answered(.send, had(3), draw: 0) == [.closed(.relayMisbehaved)])
    }

    @Test("An invalid frame ends the connection") func badFrame() {
        var calls = open()
        let body = PollAnswer(first: 1, frames: [[0xFF]]).serialized()
        #expect(calls.answered(.poll, answer(body), draw: 0) == [.closed(.relayMisbehaved)])
    }

    @Test("A poll that brings nothing is repeated after a pause, not at once") func emptyPoll() {
        var calls = open()
        #expect(calls.answered(.poll, polled(1, []), draw: 0.5) == [.pause(.poll, .milliseconds(150))])
        #expect(calls.read() == [])
        #expect(calls.pauseIsOver(.poll) == [polling(0)])
    }

    @Test("When the relay has closed, its last frames come first") func closed() {
        var calls = open()
        #expect(
            calls.answered(.poll, polled(1, [line], closed: true), draw: 0) == [
                .deliver([ReceivedFrame(line)]), .closed(.connectionLost),
            ]
        )
        #expect(calls.send([leave]) == [])
        #expect(calls.close() == [.finished])
    }

    static let failures: [HTTPResult] = [
        .unanswered(.relayUnreachable(.unknown)),
        .answered(status: 408, body: [], retryAfter: nil),
        .answered(status: 429, body: Array("slow down".utf8), retryAfter: nil),
        .answered(status: 500, body: [], retryAfter: nil),
        .answered(status: 502, body: Array("<html>".utf8), retryAfter: nil),
        .answered(status: 504, body: [], retryAfter: nil),
        .answered(status: 200, body: Array("<html>".utf8), retryAfter: nil),
        .answered(status: 200, body: [], retryAfter: nil),
    ]

    @Test("A call that failed for the moment is repeated unchanged, after growing pauses", arguments: failures)
    func again(failure: HTTPResult) {
        for kind in [LongPollClient.Kind.send, .poll] {
            var calls = open()
            let made = kind == .send ? calls.send([leave])[0] : nil
            for (pause, wait) in [(200, 10_000), (400, 5_000), (800, 2_500), (1_600, 2_500)] {
                #expect(calls.answered(kind, failure, draw: 1) == [.pause(kind, .milliseconds(pause))])
                #expect(calls.pauseIsOver(kind) == [made ?? polling(0, wait: .milliseconds(wait))])
            }
            #expect(calls.answered(kind, failure, draw: 1) == [.closed(.connectionLost)])
        }
    }

    @Test("Tries are counted for each call") func triesAnew() {
        var calls = open()
        for _ in 1...10 {
            #expect(calls.answered(.poll, .unanswered(.connectionLost), draw: 0).count == 1)
            #expect(calls.pauseIsOver(.poll).count == 1)
            #expect(calls.answered(.poll, polled(1, []), draw: 0).count == 1)
            #expect(calls.pauseIsOver(.poll).count == 1)
        }
        // A proxy has ended polls early, so the client asks for short polls from now on.
        #expect(calls.answered(.poll, polled(1, [line]), draw: 0).count == 1)
        #expect(calls.read() == [polling(1, wait: .milliseconds(2_500))])
    }

    @Test("A connection that the relay does not know is lost at once", arguments: [LongPollClient.Kind.send, .poll])
    func unknown(kind: LongPollClient.Kind) {
        var calls = open()
        _ = calls.send([leave])
        #expect(calls.answered(kind, word(404, "unknown-connection"), draw: 0) == [.closed(.connectionLost)])
    }

    @Test(
        "A server that is no relay is not probed again",
        arguments: [
            (301, "<html>", NotARelayCause.signIn), (403, "<html>", .forbidden(status: 403)),
            (404, "<html>", .web(status: 404)), (200, "<html>", .signIn),
            (404, "urn:easysetup:problem:not-found", .web(status: 404)),
        ]
    )
    func shut(status: Int, body: String, server: NotARelayCause) {
        let told = PairingError.notARelay(server)
        for failure in [nil, PairingError.relayUnreachable(.unknown)] {
            var calls = calls(insteadOf: failure)
            _ = calls.probe()
            let page = HTTPResult.answered(status: status, body: Array(body.utf8), retryAfter: nil)
            #expect(calls.answered(.send, page, draw: 0) == [.closed(failure ?? told)])
        }
    }

    @Test("A full relay gives the same error as on the WebSocket") func turnedAway() {
        for (status, name, reason) in [
            (503, "relay-full", Reason.relayFull), (503, "draining", .draining), (429, "too-many", .tooMany),
        ] {
            var calls = entered()
            _ = calls.send([visit])
            let steps = calls.answered(.send, word(status, name, retryAfter: 30), draw: 0)
            #expect(
                steps == [
                    .deliver([ReceivedFrame(.refused(reason, retryAfter: .seconds(30)))]), .closed(.connectionLost),
                ]
            )
        }
    }

    @Test(
        "When both transports fail, the WebSocket's error is shown, and silence does not make a refusal an error of no relay"
    )
    func bothShut() {
        for failure in [nil, PairingError.notARelay(.unknown), .connectionLost] {
            let shown = failure == .notARelay(.unknown) ? nil : failure
            var calls = calls(insteadOf: failure)
            _ = calls.probe()
            #expect(calls.openingTookTooLong() == [.closed(shown ?? .relayUnreachable(.noAnswer))])
            var others = self.calls(insteadOf: failure)
            let probing = others.probe()
            for _ in 2...ClientLimits().callTries {
                _ = others.answered(.send, .unanswered(.relayUntrusted(.unfit)), draw: 0)
                #expect(others.pauseIsOver(.send) == probing)
            }
            let last = others.answered(.send, .unanswered(.relayUntrusted(.unfit)), draw: 0)
            #expect(last == [.closed(shown ?? .relayUntrusted(.unfit))])
        }
    }

    @Test("A device whose first calls had to be repeated is told that the relay was away") func stumbling() {
        var calls = calls()
        let probing = calls.probe()
        let pause = LongPollClient.Step.pause(.send, .milliseconds(100))
        #expect(calls.answered(.send, .unanswered(.connectionLost), draw: 0) == [.stumbled, pause])
        #expect(calls.pauseIsOver(.send) == probing)
        #expect(calls.answered(.send, word(404, "unknown-connection"), draw: 0) == [.heard])
        _ = calls.send([visit])
        #expect(calls.answered(.send, .unanswered(.connectionLost), draw: 0) == [.stumbled, pause])
        #expect(calls.pauseIsOver(.send) == [sending(1, [visit])])
        _ = calls.answered(.send, had(1), draw: 0)
        _ = calls.send([leave])
        #expect(calls.answered(.send, .unanswered(.connectionLost), draw: 0) == [pause])
    }

    @Test("The time for opening does not matter once the relay has answered") func openedInTime() {
        var calls = open()
        #expect(calls.openingTookTooLong() == [])
    }

    @Test("The goodbye goes with the last frames") func goodbye() {
        var calls = open()
        #expect(calls.send([visit]) == [sending(2, [visit])])
        #expect(calls.send([leave]) == [])
        #expect(calls.close() == [])
        #expect(calls.answered(.poll, polled(1, [line]), draw: 0) == [])
        #expect(calls.answered(.send, had(2), draw: 0) == [sending(3, [leave], closing: true)])
        #expect(calls.answered(.send, .unanswered(.connectionLost), draw: 0) == [.pause(.send, .milliseconds(100))])
        #expect(calls.pauseIsOver(.send) == [sending(3, [leave], closing: true)])
        #expect(calls.answered(.send, had(3), draw: 0) == [.finished])
        #expect(calls.answered(.poll, polled(1, [line]), draw: 0) == [])
    }

    @Test("The goodbye goes alone without frames, and an unopened connection needs none") func bareGoodbye() {
        var calls = open()
        #expect(calls.close() == [sending(2, [], closing: true)])
        #expect(calls.answered(.send, word(404, "unknown-connection"), draw: 0) == [.finished])
        var unopened = self.calls()
        #expect(unopened.close() == [.finished])
    }

    @Test("A goodbye without an answer is given up") func lostGoodbye() {
        var calls = open()
        _ = calls.close()
        #expect(calls.giveUp() == [.finished])
        #expect(calls.answered(.send, had(1), draw: 0) == [])
        #expect(calls.giveUp() == [])
    }
}

@Suite("Refused upgrades") struct UpgradeRefusalTests {
    private func problem(_ name: String, _ more: String = "") -> String {
        #"{"type":"urn:easysetup:problem:\#(name)","title":"-","status":400\#(more)}"#
    }

    @Test("A refusal in the relay's own words is final") func final() {
        #expect(
            UpgradeRefusal(Reply(status: 400, body: problem("wrong-version", #","versions":["easysetup.v2"]"#)))
                == UpgradeRefusal(Reply(status: 400, body: problem("wrong-version")))
        )
        #expect(UpgradeRefusal(Reply(status: 400, body: problem("wrong-version"))).isFinal)
        #expect(UpgradeRefusal(Reply(status: 400, body: problem("wrong-version"))).error == .relayVersion)
        #expect(UpgradeRefusal(Reply(status: 403, body: problem("foreign-origin"))).isFinal)
    }

    @Test("A refusal is not final where a proxy has removed something, or answers itself") func passing() {
        for (status, body) in [
            (400, problem("wrong-version", #","versions":["easysetup.v1"]"#)), (426, problem("upgrade-required")),
            (400, problem("bad-upgrade")), (404, problem("not-found")), (403, "<html>Please log in</html>"), (200, ""),
            (502, "Bad Gateway"),
        ] {
            #expect(!UpgradeRefusal(Reply(status: status, body: body)).isFinal, "\(status)")
        }
        #expect(!UpgradeRefusal(Reply(status: nil, body: "")).isFinal)
    }

    @Test("A refusal has a name") func names() {
        let wait = Duration.seconds(120)
        func error(_ status: Int?, _ body: String = "", _ way: Reply.Redirection? = nil) -> PairingError {
            UpgradeRefusal(Reply(status: status, body: body, retryAfter: wait, redirection: way)).error
        }
        // The relay itself reports this error.
        #expect(error(503, problem("draining")) == .draining(retryAfter: wait))
        #expect(error(503, problem("relay-full")) == .relayFull(retryAfter: wait))
        #expect(error(429, problem("too-many")) == .tooMany(retryAfter: wait))
        // A 429 without the relay's problem details comes from a server in front of the relay.
        for status in [408, 425, 429, 500, 502, 503, 504, 522] {
            #expect(
                error(status, "<html>draining") == .relayUnreachable(.behindIsAway(status: status, retryAfter: wait))
            )
        }
        #expect(error(nil) == .relayUnreachable(.cut))
        for status in [401, 403, 407, 451] { #expect(error(status) == .notARelay(.forbidden(status: status))) }
        for status in [400, 404, 405, 426, 501, 505] { #expect(error(status) == .notARelay(.web(status: status))) }
        #expect(error(400, "<center>The plain HTTP request was sent to HTTPS port</center>") == .notARelay(.tls))
        #expect(error(421) == .notARelay(.misdirected))
        #expect(error(511) == .notARelay(.signIn))
        #expect(error(200, "\n<!doctype html>") == .notARelay(.signIn))
        #expect(error(200, "ok") == .notARelay(.web(status: 200)))
        #expect(error(302, "", .elsewhere) == .notARelay(.signIn))
        #expect(error(308, "", .toTLS) == .notARelay(.redirectsToTLS))
    }
}
