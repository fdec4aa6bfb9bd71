import EasySetupSeed

/// The reason why no QR code was read from a picture, or why a picture was not written. No error repeats anything of the
/// picture.
package enum PictureError: ExplainedError, Equatable {
    /// The file with the picture can't be read.
    case unreadable(Unreadable)
    /// The file is neither PNG nor JPEG. The kind is known for formats that people often have.
    case foreign(Kind?)
    /// The file has too many bytes, or the picture too many pixels.
    case tooLarge
    /// The picture is damaged, or of a rare kind that the libraries can't read.
    case damaged
    /// The picture has no QR code that can be read.
    case noCode
    /// The QR codes in the picture are not those of EasySetup.
    case otherCode
    /// The picture has two different codes of EasySetup.
    case severalCodes
    /// The picture is to be read where a pairing link is wanted, and has a seed, or the other way round.
    case pairingLink
    /// A library that reads or writes pictures is missing.
    case libraryMissing(Library)
    /// The process that reads the picture ended without an answer, by a limit or a crash.
    case readerFailed
    /// There is a file in the place of the picture.
    case exists
    /// The picture can't be written there.
    case notWritten

    /// The reason why a file can't be read.
    package enum Unreadable: Equatable, Sendable {
        case missing, forbidden, noFile, system
    }

    /// A format of pictures that is recognised, and not read.
    package enum Kind: UInt8, Equatable, Sendable, CaseIterable {
        case heic, webP, gif, tiff, bmp, svg, pdf

        var name: String {
            switch self {
            case .heic: "HEIC"
            case .webP: "WebP"
            case .gif: "GIF"
            case .tiff: "TIFF"
            case .bmp: "BMP"
            case .svg: "SVG"
            case .pdf: "PDF"
            }
        }
    }

    /// A library that is opened when a picture is there.
    package enum Library: UInt8, Equatable, Sendable, CaseIterable {
        case png, jpeg, zbar

        var name: String {
            switch self {
            case .png: "libpng"
            case .jpeg: "libjpeg-turbo"
            case .zbar: "ZBar"
            }
        }

        var package: String {
            switch self {
            case .png: "libpng16-16"
            case .jpeg: "libturbojpeg0"
            case .zbar: "libzbar0"
            }
        }
    }
}

extension PictureError {
    package var name: String {
        switch self {
        case .unreadable: "picture-unreadable"
        case .foreign: "picture-foreign"
        case .tooLarge: "picture-too-large"
        case .damaged: "picture-damaged"
        case .noCode: "picture-no-code"
        case .otherCode: "picture-other-code"
        case .severalCodes: "picture-several-codes"
        case .pairingLink: "picture-pairing-link"
        case .libraryMissing: "picture-library"
        case .readerFailed: "picture-reader"
        case .exists: "picture-exists"
        case .notWritten: "picture-not-written"
        }
    }

    package var description: String {
        switch self {
        case .unreadable(.missing): "There is no file of the picture's name."
        case .unreadable(.forbidden): "The system does not let this user read the picture."
        case .unreadable(.noFile): "The picture is a folder, or something else that is no file."
        case .unreadable(.system): "The picture can't be read."
        case .foreign(nil): "The file is neither a PNG nor a JPEG picture."
        case .foreign(let kind?): "The file is a \(kind.name) file, and no PNG or JPEG picture."
        case .tooLarge:
            "The picture has more than \(PictureLimits.megabytes) MB or \(PictureLimits.megapixels) million pixels."
        case .damaged: "The picture is damaged, or its kind of PNG or JPEG is not read."
        case .noCode: "No QR code was found in the picture."
        case .otherCode: "The QR code in the picture is none of EasySetup's."
        case .severalCodes: "The picture has several QR codes of EasySetup, which differ."
        case .pairingLink: "The QR code in the picture is a link for pairing two devices, and no seed."
        case .libraryMissing(let library): "This machine lacks \(library.name), which pictures need."
        case .readerFailed: "The picture could not be read within the limits of time and memory."
        case .exists: "There is a file of that name already, and nothing was written."
        case .notWritten: "The picture could not be written."
        }
    }

    package var advice: String {
        switch self {
        case .unreadable(.missing): "Check the file's name."
        case .unreadable(.forbidden): "Check the file's rights, or copy it to a folder of your own."
        case .unreadable(.noFile), .unreadable(.system): "Name the file itself, or - for standard input."
        case .foreign(.svg?), .foreign(.pdf?):
            "Open it, and take a screenshot as PNG."
        case .foreign: "Save the picture as PNG or JPEG, or take a screenshot of it."
        case .tooLarge: "Cut out the QR code, or save the picture smaller."
        case .damaged: "Save or copy the picture again, or take another one as PNG or JPEG."
        case .noCode:
            "Take the picture again: the whole code with a margin around it, sharp, from the front, without reflections."
        case .otherCode: "Take a picture of the code that the other device or the seed's sheet shows."
        case .severalCodes: "Cut out the one that is meant."
        case .pairingLink: "Run easysetup join --qr with this picture."
        case .libraryMissing(let library): "Install it (on Debian: apt-get install \(library.package))."
        case .readerFailed: "Cut out the QR code and save it as PNG, then try again."
        case .exists: "Name another file, or add --overwrite."
        case .notWritten: "Check the folder, its rights and the disk, or name another file."
        }
    }

    package var retryHelps: Bool { false }
}
