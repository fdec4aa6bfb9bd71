import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// The WebSockets of devices. The ``ConnectionMachine`` returns the events, and this code handles them.
extension LoopWorker {
    /// Handles bytes that have arrived on a connection. Returns the bytes that the caller must pass to the HTTP
    /// handlers, which from then on get all bytes of the connection; nil if there are none.
    func received(_ bytes: ByteBuffer, on connection: DeviceConnection) -> ByteBuffer? {
        counts.received(bytes.readableBytes)
        var (unread, payload): (ByteBuffer, [UInt8]) = (bytes, [])
        swap(&payload, &unpacked)
        var forHTTP: ByteBuffer?
        while unread.readableBytes > 0,
            let event = connection.next(
                in: &unread,
                controlFrames: limits.controlFramesPerInterval,
                payload: &payload
            )
        {
            carryOut(event, on: connection, &forHTTP)
        }
        swap(&payload, &unpacked)
        // The buffer goes back to the pool of receive buffers. With TLS, the bytes are in a buffer of NIO's TLS
        // handler, which the pool does not take.
        receiveBuffers.giveBack(bytes)
        return forHTTP
    }

    private func carryOut(
        _ event: consuming ConnectionMachine.Event,
        on connection: DeviceConnection,
        _ forHTTP: inout ByteBuffer?
    ) {
        switch consume event {
        case .received(let frame, let count): received(frame, bytes: count, from: connection)
        case .pinged: connection.wasPinged()
        case .upgraded(let request):
            upgraded(connection, UpgradeAnswer(key: request.key), from: connection.peer?.prefix)
        case .isForHTTP(let bytes): forHTTP = bytes
        case .violated: if connection.markUnknown() { core.happened(.badFrame(from: connection.id)) }
        case .peerCloses(let answer):
            wrote(connection.write(.connectionClose, answer, buffers), to: connection)
            flush(connection)
            connection.closeChannel()
        case .hangUp: connection.closeChannel()
        }
    }

    func readCompleted(on connection: DeviceConnection) {
        if let pong = connection.readCompleted() { wrote(connection.write(.pong, pong, buffers), to: connection) }
        endTurn()
    }

    /// Handles a connection that has become a WebSocket: answers the upgrade request, and then admits the device or
    /// sends it a refusal. The connection counts as serving a device once its first frame has arrived.
    func upgraded(_ connection: DeviceConnection, _ answer: UpgradeAnswer, from prefix: AddressPrefix?) {
        wrote(connection.answerUpgrade(answer, buffers), to: connection)
        alarm.set(for: deadlines.addPing(connection.id, now: loop.now))
        // The client's address is unknown only if the connection has ended already.
        guard let prefix else { return connection.hangUp() }
        // Behind a proxy that reports the client's address in a header, the relay learns this address only from the
        // request.
        let hasPlace = connection.counted != nil || count(connection, for: prefix)
        let refusal = core.change { state -> AdmissionRefusal? in
            let refusal =
                hasPlace
                ? state.rendezvous.connected(connection.id, from: prefix, &state.turn)
                : AdmissionRefusal(reason: .tooMany, retryAfter: state.limits.retryAfter)
            if refusal != nil { state.note(.turnedAway) }
            return refusal
        }
        if let refusal {
            send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: connection)
            close(connection, .tryAgainLater)
        } else {
            connection.markKnown()
        }
    }

    private func received(_ frame: consuming DeviceFrame, bytes: Int, from connection: DeviceConnection) {
        guard connection.isKnown else { return }
        if connection.setIdle(false) {
            core.happened(.firstFrame(frame, bytes: bytes, from: connection.id, countedFor: connection.counted))
        } else {
            core.happened(.frame(frame, bytes: bytes, from: connection.id))
        }
    }
}
