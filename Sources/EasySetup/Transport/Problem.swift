/// What a relay says of itself in problem details (RFC 9457): the last part of its `type`, by which a device tells the relay's own
/// word from a proxy's page (`Protocol/http.md`, "Errors"; `Protocol/relay.md`, "Transport").
struct Problem: Hashable, Sendable {
    let name: String

    /// Nil where the body holds no `type` of a relay's.
    init?(in body: String) {
        guard let prefix = body.firstRange(of: "urn:easysetup:problem:") else { return nil }
        let name = body[prefix.upperBound...].prefix { $0.isASCII && $0.isLowercase || $0 == "-" }
        guard !name.isEmpty else { return nil }
        self.name = String(name)
    }
}
