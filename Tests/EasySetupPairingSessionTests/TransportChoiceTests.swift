import Testing

@testable import EasySetupPairingSession

/// The choice of the transport for the next connection (`Protocol/http.md`, "Which transport").
@Suite("The choice of the transport") struct TransportChoiceTests {
    private var choice = TransportChoice()

    @Test("A device begins with the WebSocket, and stays with it while it works") mutating func webSocket() {
        #expect(choice.next == .webSocket)
        choice.opened(by: .webSocket)
        choice.attemptFailed()
        #expect(choice.next == .webSocket)
    }

    @Test("A device uses long polling for one attempt after a WebSocket on which no frame came") mutating func silent()
    {
        choice.webSocketStayedSilent()
        #expect(choice.next == .longPolling)
        choice.attemptFailed()
        #expect(choice.next == .webSocket)
    }

    @Test("A device stays with long polling once that has worked, whatever fails later") mutating func worked() {
        choice.webSocketStayedSilent()
        choice.opened(by: .longPolling)
        choice.attemptFailed()
        #expect(choice.next == .longPolling)
        choice.webSocketStayedSilent()
        choice.opened(by: .webSocket)
        choice.attemptFailed()
        #expect(choice.next == .longPolling)
    }
}
