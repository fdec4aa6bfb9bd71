import NIOHTTP1

/// Says from which address a request comes: the socket's, unless that is a trusted proxy's that speaks for another
/// (`Protocol/operating.md`, "Behind a proxy").
struct AddressSource: Sendable {
    let proxies: TrustedProxies
    let limits: ConnectionLimits

    /// The address of the device that sent a request.
    ///
    /// `peer` is whom the connection comes from: the socket's peer, or what a PROXY header said in its place. The header's
    /// entries are read from the right, where the nearest proxy wrote, and each is believed as long as all to its right are
    /// trusted proxies. The first that is none is the device. What is left of it is never looked at, so nothing
    /// that a device sends changes the answer. Where an entry gives no address, the proxy that wrote it is taken for the device.
    func address(peer: PeerAddress, headers: HTTPHeaders) -> PeerAddress {
        guard let header = proxies.header, proxies.contains(peer) else { return peer }
        var entries = ForwardedEntries(lines: headers[header.rawValue], of: header, limits: limits)
        var believed = peer
        while proxies.contains(believed), case .address(let address) = entries.next() {
            believed = address
        }
        return believed
    }
}
