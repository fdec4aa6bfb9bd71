/// The hosts under which the admin port may be asked: addresses, `localhost`, and the name that the operator wrote. So a
/// web page that has its own name lead to this machine (DNS rebinding) reads nothing: its requests carry that name.
package struct AdminHosts: Sendable {
    private let name: String?

    /// - Parameter name: the host of the admin port's address; nil if it has none.
    package init(name: String?) {
        self.name = name.map(Self.plain)
    }

    /// Whether a request with this `Host` header is answered.
    package func allows(_ header: String) -> Bool {
        guard let host = Self.host(in: header) else { return false }
        if host.hasPrefix("[") { return PeerAddress(text: host.dropFirst().dropLast().utf8) != nil }
        return host == "localhost" || host == name || PeerAddress(text: host.utf8) != nil
    }

    /// The host of a `Host` header, in the form in which names are compared. Nil when the header is malformed.
    private static func host(in header: String) -> String? {
        let end: String.Index
        if header.hasPrefix("[") {
            guard let bracket = header.firstIndex(of: "]") else { return nil }
            end = header.index(after: bracket)
        } else {
            end = header.firstIndex(of: ":") ?? header.endIndex
        }
        let port = header[end...]
        guard port.isEmpty || port.first == ":", port.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return nil
        }
        return plain(String(header[..<end]))
    }

    /// A name in lower case, without the dot that may end it.
    private static func plain(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
