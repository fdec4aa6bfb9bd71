import EasySetupChain
import EasySetupSeed

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

private let seed = try! SyncSeed(bytes: secret([UInt8](repeating: 5, count: 32)))
private let ring = KeyRing(name: try! CollectionName("notes"), seed: seed)
private let writer = DeviceID(value: 0x0102_0304_0506_0708)

/// Names in a listing: arbitrary ones, and those of a record that were changed, left out and repeated.
@Sendable func objectName(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    guard script.flag() else {
        let name = ring.place.prefix + String(decoding: script.remainder(), as: UTF8.self)
        guard let read = try? ObjectName(name, in: ring.place) else { return }
        return try hold(read.text(in: ring.place) == name, "a name has two forms")
    }
    let value = [UInt8](repeating: 0, count: script.number(below: 4) * 700)
    let change = Change(object: "a", operation: .set(["v": value]), knownDeletion: nil)
    let stamp = Stamp(generation: 1, time: 9, writer: writer)
    guard let plaintext = try? RecordCodec.bytes(previous: 5, content: .changes([change]), stamp: stamp, keys: ring)
    else {
        throw BrokenRule(description: "a change can't be written")
    }
    let sealed = RecordSeal.seal(
        plaintext,
        stamp: stamp,
        place: ring.place,
        key: ring.currentKey,
        nonce: [UInt8](repeating: 1, count: RecordSeal.nonceBytes)
    )
    let names = ObjectName.names(of: sealed, time: 9, writer: writer, in: ring.place)
    let limits = AssemblerLimits(keptParts: 8, variantsPerPart: 2, triesPerRecord: 4)
    var assembler = RecordAssembler(keys: ring, limits: limits)
    for _ in 0..<min(script.number(below: 64), 40) {
        var name = Array(names[script.number(below: names.count)].utf8)
        let start = ring.place.prefix.utf8.count
        if script.number(below: 4) == 0 { name[start + script.number16() % (name.count - start)] = script.byte() }
        let entry = ObjectPage.Entry(name: String(decoding: name, as: UTF8.self), lastModified: 0)
        for stored in assembler.add([entry]) {
            try hold(stored.record.names == names, "a record was put together of others' parts")
        }
        try hold(assembler.remaining.map(\.names.count).reduce(0, +) <= 8, "more parts are kept than the limit says")
    }
}

/// Plaintexts of records: one that is taken is the same when it is written again.
@Sendable func chainRecord(_ input: [UInt8]) throws(BrokenRule) {
    let stamp = Stamp(generation: 7, time: RecordTime.greatest, writer: writer)
    guard let read = try? RecordCodec.content(of: input, stamp: stamp, place: ring.place) else { return }
    guard let again = try? RecordCodec.bytes(previous: read.previous, content: read.content, stamp: stamp, keys: ring),
        let second = try? RecordCodec.content(of: again, stamp: stamp, place: ring.place)
    else { throw BrokenRule(description: "a record that was read can't be written") }
    try hold(second.previous == read.previous && second.content == read.content, "a record changes when it is written")
    // A list may have another order, and a snapshot more stamps than it uses.
    if case .snapshot = read.content { return }
    try hold(again.count == input.count, "a record has two forms")
}

/// The contents of certificates, signed whatever they are, and certificates that nobody signed.
@Sendable func certificate(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let isSigned = script.flag()
    let content = script.remainder()
    let bytes = isSigned ? Certificate.signed(content, seed: seed) : content
    guard let read = try? Certificate(bytes: bytes, of: seed.userID) else { return }
    try hold(isSigned, "a certificate that nobody signed is taken")
    try hold((try? Certificate(text: read.text, of: seed.userID)) == read, "a certificate has two texts")
    try hold(1...Certificate.rightLimit ~= read.rights.count, "a certificate has more rights than the limit says")
}

/// Memberships, arbitrary ones and a genuine one that was changed.
@Sendable func membership(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let bytes = script.flag() ? Tampering(&script)(genuine) : script.remainder()
    guard let read = try? Membership(secret(bytes)) else { return }
    let again = read.encoded()
    let isSame = (try? Membership(again)).map { $0.certificate == read.certificate && $0.rights == read.rights }
    try hold(isSame == true, "a membership changes when it is written")
    try hold(read.certificate.signingKey == read.deviceKeys.signingKey, "a membership has another device's certificate")
}

private let genuine: [UInt8] = {
    let device = DeviceKeys(secret: secret([UInt8](repeating: 6, count: 32)))!
    let membership = try! Membership(device: writer, deviceKeys: device, collections: [ring.name: true], seed: seed)
    return membership.encoded().withUnsafeBytes { Array($0) }
}()
