package import EasySetupPairingSession
package import EasySetupRelayProtocol

/// A connection by long polling that says little, to see what the way does to its requests. Each request is made once,
/// so that no retry hides a fault.
package struct LongPollProbe: Sendable {
    private let connection = LongPollConnectionID.random()
    private let sending: HTTPConnection
    private let polling: HTTPConnection
    private let secondPolling: HTTPConnection

    init(to host: RelayHost, limits: ClientLimits) {
        sending = HTTPConnection(to: host, limits: limits)
        polling = HTTPConnection(to: host, limits: limits)
        secondPolling = HTTPConnection(to: host, limits: limits)
    }

    /// Sends frames: the numbers of a device's frames begin with 1.
    package func send(
        _ frames: [DeviceFrame],
        first: UInt32,
        isClosing: Bool = false,
        timeout: Duration
    ) async -> Result<HTTPAnswer, PairingError> {
        let call = SendCall(
            connection: connection,
            first: first,
            frames: frames.map { $0.serialized() },
            isClosing: isClosing
        )
        return await sending.post(RelayPath.send, body: call.serialized(), timeout: timeout)
    }

    /// Asks for the relay's frames behind this number, which the relay may keep waiting for this long.
    /// - Parameter isSecond: whether another connection than the first poll's brings the request.
    package func poll(
        received: UInt32,
        wait: Duration,
        isSecond: Bool = false,
        timeout: Duration
    ) async -> Result<HTTPAnswer, PairingError> {
        let call = PollCall(connection: connection, received: received, wait: wait)
        return await (isSecond ? secondPolling : polling)
            .post(RelayPath.poll, body: call.serialized(), timeout: timeout)
    }

    /// Closes all connections. Running requests fail.
    package func close() {
        for probe in [sending, polling, secondPolling] { probe.close() }
    }
}
