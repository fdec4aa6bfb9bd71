import EasySetup
import EasySetupHandshake
import EasySetupPicture
import EasySetupSeed
import Synchronization

/// The file of `offer --png`: a picture of the QR code of the pairing link, for its owner alone.
///
/// Whoever has the link can take part in the pairing, as with the code, until the code is used or its time is over. A
/// fresh code has another link, so its picture takes the place of the last one.
final class LinkPicture: Sendable {
    let path: PathArgument
    private let replacing: Bool
    private let isWritten = Atomic(false)

    /// - Parameter replacing: whether a file that is there is replaced.
    /// - Throws: ``PictureError/exists`` before a code is shown in vain.
    init(_ path: PathArgument, replacing: Bool) throws(PictureError) {
        guard replacing || !PictureFile.isThere(path) else { throw .exists }
        self.path = path
        self.replacing = replacing
    }

    /// Writes the picture of an offer's link. Returns the sentence about it.
    /// - Throws: ``PairingUsage/noLink`` if there is no link, and `PictureError` if the file can't be written.
    func write(_ offer: Offer) throws -> String {
        guard let link = offer.link else { throw PairingUsage.noLink }
        guard let code = QRCode(link.revealed()) else { throw CommandError.internal }
        let drawing = PictureDrawing(width: code.width, lines: ["EASYSETUP LINK", "GOOD FOR ONE DEVICE"]) {
            code.isDark(column: $0, row: $1)
        }
        var bytes = try drawing.png()
        let isFresh = isWritten.exchange(true, ordering: .relaxed)
        try PictureFile.write(&bytes, to: path, replacing: replacing || isFresh)
        let name = path.defaultValueDescription
        return isFresh
            ? "The picture in \(name) is that of the fresh code."
            : "Its QR code is in \(name), which only you can read. It is good for one device, as long as the code."
    }
}
