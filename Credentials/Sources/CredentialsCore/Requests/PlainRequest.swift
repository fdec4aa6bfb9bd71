import EasySetupS3
package import EasySetupSeed

/// The seed's plain request: `POST /{userId}/credentials` with a signature over the decimal seconds behind a label, and the
/// seconds.
/// It can be replayed for four minutes, and for another host, so it is answered only where the operator has switched it
/// on.
package enum PlainRequest {
    /// The user id in a path of this form: standard base64 with padding, percent-encoded where the device likes.
    package static func user(_ text: some StringProtocol) -> UserID? {
        guard let plain = percentDecoded(text) else { return nil }
        let symbols = plain.map { symbol -> UInt8 in
            switch symbol {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            // A text of the other alphabet is none of this form.
            case UInt8(ascii: "-"), UInt8(ascii: "_"): 0
            default: symbol
            }
        }
        guard symbols.count == UserIDText.length + 1, symbols.last == UInt8(ascii: "=") else { return nil }
        return UserIDText.read(String(decoding: symbols.dropLast(), as: UTF8.self))
    }

    /// Checks a body: 64 bytes of signature, then the seconds since 1970 as decimal digits.
    package static func check(_ bytes: [UInt8], user: UserID, window: Int, now: Int) throws(Refusal) {
        let count = SyncSeed.signatureByteCount
        let message = Array(bytes.dropFirst(count))
        guard 1...12 ~= message.count, message.allSatisfy({ 0x30...0x39 ~= $0 }),
            message.count == 1 || message[0] != 0x30,
            let time = Int(String(decoding: message, as: UTF8.self))
        else { throw Refusal(.badBody) }
        guard abs(time - now) <= window else { throw Refusal(.wrongClock, time: now) }
        let signed = CredentialsRequest.plainStatement(message)
        guard user.isValid(signature: Array(bytes.prefix(count)), for: signed) else { throw Refusal(.badSignature) }
    }

    private static func percentDecoded(_ text: some StringProtocol) -> [UInt8]? {
        let bytes = Array(text.utf8.prefix(200))
        var out: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%") {
                guard place + 2 < bytes.count,
                    let byte = UInt8(String(decoding: bytes[(place + 1)...(place + 2)], as: UTF8.self), radix: 16),
                    bytes[place + 1] != UInt8(ascii: "+")
                else { return nil }
                out.append(byte)
                place += 3
            } else {
                out.append(bytes[place])
                place += 1
            }
        }
        return out
    }
}
