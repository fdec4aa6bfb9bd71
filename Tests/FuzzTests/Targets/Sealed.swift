import EasySetupChain
import EasySetupSeed

@testable import EasySetupHandshake

/// The plaintexts of messages 3 to 6: as protocol buffers, and with their padding.
@Sendable func sealed(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let choice = script.byte()
    let content = script.remainder()
    guard choice & 4 == 0 else { return try padded(content) }
    switch choice & 3 {
    case 0: try hold(content.withUnsafeBytes(readsAsDevice), "a device introduces itself in two ways")
    case 1: try hold(content.withUnsafeBytes(readsAsPackage), "a package has another seed when written again")
    default: try hold(content.withUnsafeBytes(readsAsReceipt), "a receipt names another when written again")
    }
}

// Each function returns true for a refused input, and for one that stays the same when it is written again.

private func readsAsDevice(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let read = try? Sealed.introduction(bytes) else { return true }
    let again = try? Sealed.proof(read.device, sameSeed: read.sameSeed).withUnsafeBytes { try Sealed.introduction($0) }
    return again == read
}

private func readsAsPackage(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let contents = try? Sealed.contents(bytes) else { return true }
    switch consume contents {
    case .seed(let received):
        let createdAt = received.createdAt
        let seed = received.take()
        let isSame = try? Sealed.package(seed: seed, createdAt: createdAt).withUnsafeBytes { bytes in
            guard case .seed(let again) = try Sealed.contents(bytes) else { return false }
            return again.createdAt == createdAt && again.bytes.isEqual(to: seed)
        }
        return isSame == true
    case .membership(let membership):
        guard let given = try? GivenMembership(membership) else { return true }
        let isSame = try? Sealed.package(membership: given).withUnsafeBytes { bytes in
            guard case .membership(let again) = try Sealed.contents(bytes) else { return false }
            return again.encoded().isEqual(to: membership.encoded())
        }
        return isSame == true
    }
}

private func readsAsReceipt(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let id = try? Sealed.userID(bytes) else { return true }
    return (try? Sealed.receipt(userID: id).withUnsafeBytes { try Sealed.userID($0) }) == id
}

/// The one valid padding: a length of two bytes, a content and zeros.
private func padded(_ content: [UInt8]) throws(BrokenRule) {
    let size = MessageType.package.plaintextByteCount
    let zeros = [UInt8](repeating: 0, count: max(0, size - content.count))
    var bytes = Array((content + zeros).prefix(size))
    let count = Int(bytes[0]) << 8 | Int(bytes[1])
    let isGood = count <= bytes.count - 2 && bytes.dropFirst(2 + count).allSatisfy { $0 == 0 }
    let key = SecretBytes(zeros: 32)
    let channel = SealedChannel(
        send: key.clone(),
        receive: key.clone(),
        transcript: Transcript(session: [], hello: [], reply: [])
    )
    let sealed = channel.seal(plaintext: SecretBytes(wiping: &bytes), type: .package, number: 3)
    let read = try? channel.open(sealed[...], type: .package, number: 3) { (bytes) throws(HandshakeError) in
        bytes.count
    }
    try hold(read == (isGood ? count : nil), "padding is read wrongly")
}
