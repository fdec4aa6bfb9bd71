import ArgumentParser
import EasySetup
import EasySetupHandshake
import EasySetupPicture
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The option that takes a picture in place of typing.
struct PictureOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the QR code in a PNG or JPEG picture; - is the picture at standard input.",
            valueName: "file"
        )
    )
    var qr: PathArgument?

    /// The texts of the QR codes in the picture; nil if none is given.
    func texts() throws(PictureError) -> [UserText]? {
        guard let qr else { return nil }
        if qr.bytes == [UInt8(ascii: "-")] { return try PictureProcess.texts(of: STDIN_FILENO) }
        let file = try PictureProcess.open(qr.cString)
        defer { close(file) }
        return try PictureProcess.texts(of: file)
    }

    /// The pairing link in the picture; nil if no picture is given.
    /// - Throws: ``CommandError/seedGiven`` if the picture has a seed instead, so that its owner learns that it is a secret.
    func pairingLink() throws -> UserText? {
        guard let texts = try texts() else { return nil }
        let links = texts.filter { PairingLink.isMeant(by: $0) }
        guard let link = links.first else {
            throw texts.contains(where: Self.isSeedLink) ? CommandError.seedGiven as any Error : PictureError.otherCode
        }
        guard links.count == 1 else { throw PictureError.severalCodes }
        return link
    }

    /// The seed in the picture; nil if no picture is given.
    func seed() throws -> SyncSeed? {
        guard let texts = try texts() else { return nil }
        let links = texts.filter(Self.isSeedLink)
        guard links.count < 2 else { throw PictureError.severalCodes }
        if let link = links.first { return try SyncSeed.read(written: link) }
        if texts.contains(where: { PairingLink.isMeant(by: $0) }) { throw PictureError.pairingLink }
        // Somebody may have made a QR code of the recovery phrase.
        let seeds = texts.compactMap { try? SyncSeed.read(written: $0) }
        guard let seed = seeds.first else { throw PictureError.otherCode }
        guard seeds.count == 1 else { throw PictureError.severalCodes }
        return seed
    }

    private static func isSeedLink(_ text: UserText) -> Bool {
        var reader = SeedReader()
        reader.append(line: text)
        return reader.hasLink
    }
}
