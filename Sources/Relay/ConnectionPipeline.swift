import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket
import RelayWire

/// The handlers of a connection: the PROXY header where one is expected, TLS, then HTTP with the front door, which the WebSocket replaces.
enum ConnectionPipeline {
    static func configure(_ channel: any Channel, switchboard: Switchboard, certificate: NIOSSLContext?) throws {
        guard let id = switchboard.accepted(channel) else {
            channel.close(promise: nil)
            return
        }
        let pipeline = channel.pipeline.syncOperations
        if switchboard.usesProxyProtocol {
            try pipeline.addHandler(ProxyHeaderHandler(id: id, switchboard: switchboard))
        }
        if let certificate {
            try pipeline.addHandler(NIOSSLServerHandler(context: certificate))
        }
        // Put together by hand, not by NIO's shorthand: the front door stands before the upgrade, and answers all that is
        // none.
        let encoder = HTTPResponseEncoder()
        // Its buffer holds what comes behind an upgrade, a read of the socket or two; otherwise it keeps part of a header.
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(limits: switchboard.limits),
            maximumBufferSize: 128 * 1024
        )
        let frontDoor = FrontDoorHandler(id: id, switchboard: switchboard)
        try pipeline.addHandlers([encoder, decoder, frontDoor])
        try pipeline.addHandler(
            NIOTypedHTTPServerUpgradeHandler(
                httpEncoder: encoder,
                extraHTTPHandlers: [decoder, frontDoor],
                upgradeConfiguration: upgrade(
                    to: id,
                    switchboard: NIOLoopBound(switchboard, eventLoop: channel.eventLoop)
                )
            )
        )
    }

    private static func upgrade(
        to id: ConnectionID,
        switchboard: NIOLoopBound<Switchboard>
    ) -> NIOTypedHTTPServerUpgradeConfiguration<Void> {
        let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
            maxFrameSize: WireLimits.frameBytes,
            enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, _ in
                // No extension is ever agreed to: compression next to secrets tells their length.
                channel.eventLoop.makeSucceededFuture(["Sec-WebSocket-Protocol": FrontDoor.subprotocol])
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let device = DeviceConnection(id: id, switchboard: switchboard.value)
                    try channel.pipeline.syncOperations.addHandler(device)
                    switchboard.value.upgraded(device, by: head)
                }
            }
        )
        return NIOTypedHTTPServerUpgradeConfiguration(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { $0.close() }
        )
    }
}

extension HTTPRequestDecoder {
    fileprivate convenience init(limits: ConnectionLimits) {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerFields
        self.init(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoder)
    }
}
