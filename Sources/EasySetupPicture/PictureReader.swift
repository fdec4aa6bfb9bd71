package import EasySetupSeed

/// Reads the QR codes in a PNG or JPEG file. The program calls it in a process of its own (``PictureProcess``), because a
/// picture comes from anybody, and the decoders are large libraries in C.
package enum PictureReader {
    /// The texts of the QR codes in a picture, each once: those of EasySetup, or if there are none, all others.
    /// - Parameter mostPixels: the most pixels that the picture may have.
    /// - Throws: ``PictureError``, and ``PictureError/noCode`` if there is none.
    package static func texts(
        in file: UnsafeRawBufferPointer,
        mostPixels: Int = PictureLimits.pixels
    ) throws(PictureError) -> [UserText] {
        let scanner = try CodeScanner()
        var found = Findings()
        for picture in try unsafe PictureDecoder(file).pictures(mostPixels) {
            // A large photo is first read at a size that takes a second, and the full one if nothing was found.
            var sizes = [picture]
            while sizes[0].width * sizes[0].height > PictureLimits.ordinaryPixels {
                sizes.insert(sizes[0].halved(), at: 0)
            }
            // A small picture may have QR codes with modules of one or two pixels.
            if picture.width * picture.height <= smallPixels { sizes.append(picture.enlarged(by: 4)) }
            for size in sizes where !found.hasOurs {
                // Both readings of the same picture count, because it may have a code of either kind.
                for reading in [size, size.inverted()] { found.add(try scanner.texts(in: reading)) }
            }
        }
        guard !found.texts.isEmpty else { throw .noCode }
        return found.texts
    }

    /// The most pixels of a picture that is enlarged if nothing was found in it.
    private static let smallPixels = 400 * 400

    /// Whether a text is one of EasySetup's links. All of them, and no other QR code, have this word.
    package static func isOurs(_ text: UserText) -> Bool {
        text.withText { bytes in
            let word = Array("easysetup".utf8)
            guard bytes.count >= word.count else { return false }
            return (0...bytes.count - word.count).contains { start in
                word.indices.allSatisfy { bytes[start + $0] | 0x20 == word[$0] }
            }
        }
    }

    private struct Findings {
        private(set) var ours: [UserText] = []
        private(set) var others: [UserText] = []

        var hasOurs: Bool { !ours.isEmpty }
        var texts: [UserText] { ours.isEmpty ? others : ours }

        mutating func add(_ texts: [UserText]) {
            for text in texts where ours.count + others.count < PictureLimits.codes {
                if PictureReader.isOurs(text) { Self.add(text, to: &ours) } else { Self.add(text, to: &others) }
            }
        }

        private static func add(_ text: UserText, to list: inout [UserText]) {
            if !list.contains(where: { $0.isSame(as: text) }) { list.append(text) }
        }
    }
}

extension UserText {
    /// Whether both texts have the same bytes. The time of the comparison depends only on their lengths.
    package func isSame(as other: UserText) -> Bool {
        withBytes { one in other.withBytes { SecretBytes(copying: one).isEqual(to: $0) } }
    }
}
