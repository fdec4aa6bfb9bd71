import EasySetupRelayProtocol

/// The problem details (RFC 9457) by which a relay says why it refuses a request. A device reads their `type` alone,
/// which tells the relay's own answer from a proxy's page (`Protocol/http.md`, "Errors"; `Protocol/relay.md`,
/// "Transport").
struct Problem: Hashable, Sendable {
    /// The problem's type; nil for a type that this version of the protocol does not have.
    let type: ProblemType?

    /// Finds the problem's `type` in the body of an HTTP answer; nil if the body has no `type` that begins with
    /// `urn:easysetup:problem:`, as those of a relay do.
    init?(in body: String) {
        guard let prefix = body.firstRange(of: ProblemType.prefix) else { return nil }
        let name = body[prefix.upperBound...].prefix { $0.isASCII && $0.isLowercase || $0 == "-" }
        guard !name.isEmpty else { return nil }
        type = ProblemType(rawValue: String(name))
    }
}
