package import NIOHTTP1

/// Finds the address of the device that sent a request: the address of the socket's peer, unless the peer is a trusted
/// proxy that forwards for another address (`Protocol/operating.md`, "Behind a proxy").
package struct AddressSource: Sendable {
    let proxies: TrustedProxies
    let limits: ConnectionLimits

    package init(proxies: TrustedProxies, limits: ConnectionLimits) {
        self.proxies = proxies
        self.limits = limits
    }

    /// The address of the device that sent a request.
    ///
    /// `peer` is the other end of the connection: the socket's peer, or the source in a PROXY header. The entries of
    /// the forwarding header are read from the right, because the nearest proxy adds its entry at the right end. The
    /// first address from the right that is not a trusted proxy's is the device's. Entries further left are never read,
    /// because the device could have written them. If an entry contains no address, the proxy that wrote that entry is
    /// taken for the device.
    package func address(peer: PeerAddress, headers: HTTPHeaders) -> PeerAddress {
        guard let header = proxies.header, proxies.contains(peer) else { return peer }
        var entries = ForwardedEntries(lines: headers[header.rawValue], of: header, limits: limits)
        var believed = peer
        while proxies.contains(believed), case .address(let address) = entries.next() {
            believed = address
        }
        return believed
    }
}
