import CPicture

/// Decodes PNG and JPEG files to gray pictures.
@safe struct PictureDecoder {
    private let file: UnsafeRawBufferPointer

    /// A decoded picture. If it has transparent parts, there are two: on white and on black ground, because a QR code may
    /// have been drawn for either.
    typealias Pictures = [GrayPicture]

    private static let pngMagic: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let jpegMagic: [UInt8] = [0xFF, 0xD8, 0xFF]

    init(_ file: UnsafeRawBufferPointer) {
        unsafe self.file = unsafe file
    }

    func pictures(_ mostPixels: Int) throws(PictureError) -> Pictures {
        guard unsafe file.count <= PictureLimits.fileBytes else { throw .tooLarge }
        if begins(with: Self.pngMagic) { return try png(mostPixels) }
        if begins(with: Self.jpegMagic) { return [try jpeg(mostPixels)] }
        throw .foreign(kind)
    }

    private func begins(with magic: [UInt8], at offset: Int = 0) -> Bool {
        unsafe file.count >= offset + magic.count && file[offset..<offset + magic.count].elementsEqual(magic)
    }

    /// The format of a file that is not read.
    private var kind: PictureError.Kind? {
        if begins(with: Array("ftyp".utf8), at: 4) { return .heic }
        if begins(with: Array("RIFF".utf8)), begins(with: Array("WEBP".utf8), at: 8) { return .webP }
        if begins(with: Array("GIF8".utf8)) { return .gif }
        if begins(with: Array("II*\0".utf8)) || begins(with: Array("MM\0*".utf8)) { return .tiff }
        if begins(with: Array("BM".utf8)) { return .bmp }
        if begins(with: Array("%PDF".utf8)) { return .pdf }
        let head = unsafe String(decoding: file.prefix(512), as: UTF8.self)
        return head.contains("<svg") ? .svg : nil
    }

    private static func check(width: Int, height: Int, _ mostPixels: Int) throws(PictureError) {
        guard width > 0, height > 0 else { throw .damaged }
        guard width <= PictureLimits.side, height <= PictureLimits.side, width * height <= mostPixels else {
            throw .tooLarge
        }
    }

    private func png(_ mostPixels: Int) throws(PictureError) -> Pictures {
        var library = easysetup_png()
        guard unsafe easysetup_load_png(&library) != 0 else { throw .libraryMissing(.png) }
        var image = unsafe png_image()
        unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
        guard unsafe library.begin_read(&image, file.baseAddress, file.count) != 0 else { throw .damaged }
        defer { unsafe library.free(&image) }
        let (width, height) = unsafe (Int(image.width), Int(image.height))
        try Self.check(width: width, height: height, mostPixels)
        // Whatever the file has (palettes, 16 bits, colours, interlacing), libpng makes gray and alpha of it.
        unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_ALPHA)
        // Two bytes a pixel: a picture of twice the width.
        let both = GrayPicture(width: 2 * width, height: height)
        let isRead = unsafe both.withPixels { unsafe library.finish_read(&image, nil, $0.baseAddress, 0, nil) }
        guard isRead != 0 else { throw .damaged }
        let (onWhite, onBlack) = (GrayPicture(width: width, height: height), GrayPicture(width: width, height: height))
        var isOpaque = true
        unsafe both.withPixels { source in
            unsafe onWhite.withPixels { white in
                unsafe onBlack.withPixels { black in
                    for index in 0..<width * height {
                        let (shade, alpha) = unsafe (Int(source[2 * index]), Int(source[2 * index + 1]))
                        if alpha != 255 { isOpaque = false }
                        unsafe white[index] = UInt8((shade * alpha + 255 * (255 - alpha)) / 255)
                        unsafe black[index] = UInt8(shade * alpha / 255)
                    }
                }
            }
        }
        return isOpaque ? [onWhite] : [onWhite, onBlack]
    }

    private func jpeg(_ mostPixels: Int) throws(PictureError) -> GrayPicture {
        var library = easysetup_jpeg()
        guard unsafe easysetup_load_jpeg(&library) != 0 else { throw .libraryMissing(.jpeg) }
        guard let decoder = unsafe library.make() else { throw .readerFailed }
        defer { _ = unsafe library.free(decoder) }
        let bytes = unsafe file.assumingMemoryBound(to: UInt8.self).baseAddress
        let count = unsafe UInt(file.count)
        var (width, height, sampling, colours): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
        guard unsafe library.read_head(decoder, bytes, count, &width, &height, &sampling, &colours) == 0 else {
            throw .damaged
        }
        try Self.check(width: Int(width), height: Int(height), mostPixels)
        let isCMYK = colours == CInt(TJCS_CMYK.rawValue) || colours == CInt(TJCS_YCCK.rawValue)
        let samples = isCMYK ? 4 : 1
        let raw = GrayPicture(width: Int(width) * samples, height: Int(height))
        let format = isCMYK ? TJPF_CMYK : TJPF_GRAY
        let status = unsafe raw.withPixels { pixels in
            unsafe library.read(
                decoder,
                bytes,
                count,
                pixels.baseAddress,
                width,
                0,
                height,
                CInt(format.rawValue),
                // A progressive picture may have any number of scans, each as long as the first.
                CInt(TJFLAG_LIMITSCANS)
            )
        }
        // A warning is that of a file that was cut off, or that has stray bytes. What is there may do.
        let isWhole = unsafe status == 0 || library.error_code(decoder) == CInt(TJERR_WARNING.rawValue)
        guard isWhole else { throw .damaged }
        return isCMYK ? Self.gray(cmyk: raw, width: Int(width)) : raw
    }

    /// A gray picture of the four inks. Programs store them as they print or inverted. Here they count as inverted, and if
    /// that is wrong the result is a negative, which is read as well.
    private static func gray(cmyk: GrayPicture, width: Int) -> GrayPicture {
        let gray = GrayPicture(width: width, height: cmyk.height)
        unsafe cmyk.withPixels { inks in
            unsafe gray.withPixels { out in
                for index in 0..<width * cmyk.height {
                    let place = 4 * index
                    let colours = unsafe Int(inks[place]) + Int(inks[place + 1]) + Int(inks[place + 2])
                    unsafe out[index] = UInt8(colours * Int(inks[place + 3]) / (3 * 255))
                }
            }
        }
        return gray
    }
}
