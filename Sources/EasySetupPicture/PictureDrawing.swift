import CPicture
import EasySetupSeed

/// Draws a QR code with a margin and lines of text below it, as a picture to be printed or kept.
///
/// The bytes are secret where the QR code is: the caller wipes them after writing them.
package struct PictureDrawing {
    /// The number of modules on each side of the QR code.
    private let width: Int
    private let isDark: (_ column: Int, _ row: Int) -> Bool
    /// The lines of text below the QR code, in capital letters and digits.
    private let lines: [String]

    /// The white margin that scanners need, in modules.
    private static let margin = 4
    /// The pixels of a module in a PNG. A picture is then 2 to 3 cm wide in print, and large enough for every scanner.
    private static let scale = 8
    /// The pixels of a dot of a letter in a PNG, and a line's height and a letter's width in dots.
    private static let dot = 2
    private static let lineDots = 12
    private static let letterDots = 6

    /// - Parameters:
    ///   - width: the number of modules on each side.
    ///   - lines: the lines of text below the QR code, which must hold no secret.
    ///   - isDark: whether a module is dark.
    package init(width: Int, lines: [String], isDark: @escaping (_ column: Int, _ row: Int) -> Bool) {
        self.width = width
        self.lines = lines
        self.isDark = isDark
    }

    /// The picture as SVG. The text is text, for people, screen readers and searches.
    package func svg() -> [UInt8] {
        var out: [UInt8] = []
        // Growing would leave copies of the secret behind.
        out.reserveCapacity(2000 + width * width * 16)
        let side = width + 2 * Self.margin
        let height = side + (lines.isEmpty ? 0 : 3 * lines.count + 1)
        func add(_ text: String) { out += Array(text.utf8) }
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(2 * side)mm\" height=\"\(2 * height)mm\" ")
        add("viewBox=\"0 0 \(side) \(height)\" role=\"img\">\n")
        if let title = lines.first { add("<title>\(title)</title>\n") }
        add("<rect width=\"\(side)\" height=\"\(height)\" fill=\"#fff\"/>\n")
        add("<path fill=\"#000\" shape-rendering=\"crispEdges\" d=\"")
        for row in 0..<width {
            var column = 0
            while column < width {
                var end = column
                while end < width, isDark(end, row) { end += 1 }
                if end > column {
                    add("M\(column + Self.margin) \(row + Self.margin)h\(end - column)v1h-\(end - column)z")
                }
                column = max(end, column + 1)
            }
        }
        add("\"/>\n")
        for (index, line) in lines.enumerated() {
            add("<text x=\"\(Self.margin)\" y=\"\(side + 3 * index + 1)\" font-family=\"monospace\" font-size=\"2\">")
            add("\(line)</text>\n")
        }
        add("</svg>\n")
        return out
    }

    /// The picture as PNG.
    /// - Throws: ``PictureError/libraryMissing(_:)``.
    package func png() throws(PictureError) -> [UInt8] {
        let picture = drawn()
        var library = easysetup_png()
        guard unsafe easysetup_load_png(&library) != 0 else { throw .libraryMissing(.png) }
        var image = unsafe png_image()
        unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
        unsafe image.width = png_uint_32(picture.width)
        unsafe image.height = png_uint_32(picture.height)
        unsafe image.format = 0
        // Some 20 bytes more than the pixels at the very worst; a QR code takes a hundredth.
        var bytes = [UInt8](repeating: 0, count: picture.width * picture.height + 4096)
        var count = png_alloc_size_t(bytes.count)
        let isWritten = unsafe picture.withPixels { pixels in
            unsafe library.write(&image, &bytes, &count, 0, pixels.baseAddress, 0, nil)
        }
        guard isWritten != 0 else { throw .notWritten }
        bytes.removeLast(bytes.count - Int(count))
        return bytes
    }

    private func drawn() -> GrayPicture {
        let side = (width + 2 * Self.margin) * Self.scale
        let lineHeight = Self.lineDots * Self.dot
        let picture = GrayPicture(width: side, height: side + (lines.isEmpty ? 0 : (lines.count + 1) * lineHeight))
        unsafe picture.withPixels { pixels in
            func fill(_ x: Int, _ y: Int, _ size: Int) {
                for row in y..<min(y + size, picture.height) {
                    for column in x..<min(x + size, side) { unsafe pixels[row * side + column] = 0 }
                }
            }
            for row in 0..<width {
                for column in 0..<width where isDark(column, row) {
                    fill((column + Self.margin) * Self.scale, (row + Self.margin) * Self.scale, Self.scale)
                }
            }
            for (index, line) in lines.enumerated() {
                for (place, letter) in line.unicodeScalars.enumerated() {
                    let x = Self.margin * Self.scale + place * Self.letterDots * Self.dot
                    for (column, dots) in DotFont.columns(letter).enumerated() {
                        for row in 0..<8 where dots >> row & 1 == 1 {
                            fill(x + column * Self.dot, side + index * lineHeight + row * Self.dot, Self.dot)
                        }
                    }
                }
            }
        }
        return picture
    }
}

/// Capital letters and digits of five by seven dots, for the text in a PNG: a font library would be a large one for two
/// lines.
private enum DotFont {
    /// The five columns of a letter, from the left; the lowest bit of each is its top dot. Other characters are blank.
    static func columns(_ letter: Unicode.Scalar) -> ArraySlice<UInt8> {
        guard let place = letters.firstIndex(of: letter) else { return [] }
        return dots[5 * place..<5 * place + 5]
    }

    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.".unicodeScalars)
    private static let dots: [UInt8] = [
        0x3E, 0x51, 0x49, 0x45, 0x3E, 0x00, 0x42, 0x7F, 0x40, 0x00, 0x42, 0x61, 0x51, 0x49, 0x46, 0x21, 0x41, 0x45,
        0x4B, 0x31, 0x18, 0x14, 0x12, 0x7F, 0x10, 0x27, 0x45, 0x45, 0x45, 0x39, 0x3C, 0x4A, 0x49, 0x49, 0x30, 0x01,
        0x71, 0x09, 0x05, 0x03, 0x36, 0x49, 0x49, 0x49, 0x36, 0x06, 0x49, 0x49, 0x29, 0x1E, 0x7E, 0x11, 0x11, 0x11,
        0x7E, 0x7F, 0x49, 0x49, 0x49, 0x36, 0x3E, 0x41, 0x41, 0x41, 0x22, 0x7F, 0x41, 0x41, 0x22, 0x1C, 0x7F, 0x49,
        0x49, 0x49, 0x41, 0x7F, 0x09, 0x09, 0x09, 0x01, 0x3E, 0x41, 0x49, 0x49, 0x7A, 0x7F, 0x08, 0x08, 0x08, 0x7F,
        0x00, 0x41, 0x7F, 0x41, 0x00, 0x20, 0x40, 0x41, 0x3F, 0x01, 0x7F, 0x08, 0x14, 0x22, 0x41, 0x7F, 0x40, 0x40,
        0x40, 0x40, 0x7F, 0x02, 0x0C, 0x02, 0x7F, 0x7F, 0x04, 0x08, 0x10, 0x7F, 0x3E, 0x41, 0x41, 0x41, 0x3E, 0x7F,
        0x09, 0x09, 0x09, 0x06, 0x3E, 0x41, 0x51, 0x21, 0x5E, 0x7F, 0x09, 0x19, 0x29, 0x46, 0x46, 0x49, 0x49, 0x49,
        0x31, 0x01, 0x01, 0x7F, 0x01, 0x01, 0x3F, 0x40, 0x40, 0x40, 0x3F, 0x1F, 0x20, 0x40, 0x20, 0x1F, 0x3F, 0x40,
        0x38, 0x40, 0x3F, 0x63, 0x14, 0x08, 0x14, 0x63, 0x07, 0x08, 0x70, 0x08, 0x07, 0x61, 0x51, 0x49, 0x45, 0x43,
        0x00, 0x60, 0x60, 0x00, 0x00,
    ]
}
