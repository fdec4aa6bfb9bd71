import EasySetupSeed

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
