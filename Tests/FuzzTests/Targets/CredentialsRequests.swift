import EasySetupChain
import EasySetupHandshake
import EasySetupSeed
import Foundation

@testable import EasySetupS3

/// A signed request for credentials of any bytes: what is read is written as the same bytes, so that there is one form.
@Sendable func credentialsRequest(_ input: [UInt8]) throws(BrokenRule) {
    guard let received = try? ReceivedCredentialsRequest(input) else { return }
    try hold(received.request.statement == received.statement, "a request has two forms")
    try hold(received.statement + received.signature == input, "a part of a request is not read")
    let request = received.request
    try hold(request.nonce.count == CredentialsRequest.nonceBytes, "a nonce has another length")
    try hold(request.certificate.count <= CredentialsRequest.maximumCertificateBytes, "a certificate is too long")
    try hold(request.content.count <= CredentialsRequest.maximumContentBytes, "a content is too long")
}

/// Credentials that a device takes are for its own chain, go to no other machine without TLS, and can be sent.
@Sendable func credentialsAnswer(_ input: [UInt8]) throws(BrokenRule) {
    // The chain of the example in Protocol/credentials.md.
    let name = "qfRBbXvMOtnvU9s4svpf88SIV4tC7PCnSexTAW3csjc"
    let prefix = "1/\(name)/"
    let user = Base64URL.bytes(name).flatMap { UserID(bytes: $0) }
    if let details = ProblemDetails(input) {
        let outcome = CredentialsPolicy.outcome(S3Response(status: 403, body: input, date: nil, retryAfter: nil))
        let isKnown = if case .problem = outcome { true } else { false }
        try hold(isKnown == (details.problem != nil), "a problem is told as another")
    }
    guard let user, let answer = try? JSONDecoder().decode(CredentialsAnswer.self, from: Data(input)),
        let credentials = try? answer.credentials(of: user, allowsPlain: false, longest: 604_800)
    else { return }
    try hold(credentials.address.map { !$0.host.isPlain || $0.host.isLoopback } ?? false, "a store is plain")
    for form in credentials.forms ?? [] {
        try hold(form.prefix.utf8.starts(with: prefix.utf8), "a form is of another chain")
        for (_, value) in form.form.fields {
            try hold(value.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a field can't be sent")
        }
    }
    try hold(credentials.ends ?? 0 > answer.time, "credentials end before they begin")
}
