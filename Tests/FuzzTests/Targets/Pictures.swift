import EasySetupPicture
import EasySetupSeed

/// A picture's file, as the process that reads pictures gets it, and that process's reply.
@Sendable func picture(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let isReply = script.byte() & 1 == 1
    let content = script.remainder()
    let texts = content.withUnsafeBytes { bytes in
        isReply
            ? try? PictureReply.read(bytes)
            // Few pixels, because each input should take milliseconds.
            : try? PictureReader.texts(in: bytes, mostPixels: 1 << 16)
    }
    guard let texts else { return }
    try hold(1...PictureLimits.codes ~= texts.count, "a picture has \(texts.count) texts")
    for text in texts {
        try hold(1...PictureLimits.textBytes ~= text.byteCount, "a text has \(text.byteCount) bytes")
    }
}
