package import EasySetupSeed

/// The answer of the process that reads a picture: an error, or the texts of QR codes.
///
/// The bytes: 0 and the texts, each behind its length in two bytes; or the number of an error and a detail of it. The
/// parent trusts none of it, because a hostile picture may have taken the process over.
@safe package enum PictureReply {
    /// The length of the longest reply, in bytes.
    static let maximumBytes = 1 + PictureLimits.codes * (2 + PictureLimits.textBytes)

    /// The errors that a reply can have; the others are those of the parent.
    private static func number(_ error: PictureError) -> [UInt8] {
        switch error {
        case .tooLarge: [1, 0]
        case .damaged: [2, 0]
        case .noCode: [3, 0]
        case .foreign(let kind): [4, kind.map { $0.rawValue + 1 } ?? 0]
        case .libraryMissing(let library): [5, library.rawValue]
        default: [6, 0]
        }
    }

    private static func error(_ number: UInt8, _ detail: UInt8) -> PictureError {
        switch number {
        case 1: .tooLarge
        case 2: .damaged
        case 3: .noCode
        case 4: .foreign(detail == 0 ? nil : PictureError.Kind(rawValue: detail - 1))
        case 5: PictureError.Library(rawValue: detail).map { .libraryMissing($0) } ?? .readerFailed
        default: .readerFailed
        }
    }

    static func bytes(_ error: PictureError) -> SecretBytes {
        var bytes = number(error)
        return SecretBytes(wiping: &bytes)
    }

    static func bytes(_ texts: [UserText]) -> SecretBytes {
        let count = texts.reduce(1) { $0 + 2 + $1.byteCount }
        let reply = SecretBytes(zeros: count)
        unsafe reply.withUnsafeMutableBytes { out in
            var place = 1
            for text in texts {
                unsafe out[place] = UInt8(text.byteCount >> 8)
                unsafe out[place + 1] = UInt8(text.byteCount & 0xFF)
                place += 2
                text.withBytes { span in
                    for index in 0..<span.byteCount {
                        unsafe out[place + index] = unsafe span.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    }
                }
                place += text.byteCount
            }
        }
        return reply
    }

    /// Reads a reply.
    /// - Throws: the error in it, or ``PictureError/readerFailed`` if it is no reply.
    package static func read(_ reply: UnsafeRawBufferPointer) throws(PictureError) -> [UserText] {
        guard let first = unsafe reply.first else { throw .readerFailed }
        guard first == 0 else { throw unsafe reply.count == 2 ? error(first, reply[1]) : .readerFailed }
        var texts: [UserText] = []
        var place = 1
        while place < reply.count {
            guard place + 2 <= reply.count else { throw .readerFailed }
            let count = unsafe Int(reply[place]) << 8 | Int(reply[place + 1])
            place += 2
            guard 1...PictureLimits.textBytes ~= count, place + count <= reply.count,
                texts.count < PictureLimits.codes
            else { throw .readerFailed }
            let text = unsafe UnsafeRawBufferPointer(rebasing: reply[place..<place + count])
            texts.append(UserText(unsafe SecretBytes(copying: text.bytes)))
            place += count
        }
        guard !texts.isEmpty else { throw .readerFailed }
        return texts
    }
}
