import CQREncode
import EasySetupSeed

/// A QR code that a terminal can show.
struct QRCode {
    /// The number of modules (the dark and light squares of a QR code) on each side of the QR code.
    let width: Int

    private let modules: [Bool]

    /// The white margin that scanners need, in modules on each side.
    static let quietZone = 4

    /// Makes the QR code of a text; nil if the text is longer than a QR code can hold.
    init?(_ text: String) {
        self.init(UserText(copying: text))
    }

    /// Makes the QR code of a secret, without a string that can't be wiped; nil if it is longer than a QR code can hold.
    init?(_ text: UserText) {
        let made = text.withBytes { span in
            span.withUnsafeBytes { bytes in
                QRcode_encodeData(CInt(bytes.count), bytes.bindMemory(to: UInt8.self).baseAddress, 0, QR_ECLEVEL_M)
            }
        }
        guard let code = made else { return nil }
        defer {
            // libqrencode frees the modules without wiping them.
            if let data = code.pointee.data {
                let side = Int(code.pointee.width)
                Sodium.wipe(UnsafeMutableRawBufferPointer(start: data, count: side * side))
            }
            QRcode_free(code)
        }
        let width = Int(code.pointee.width)
        guard let data = code.pointee.data else { return nil }
        self.width = width
        // The lowest bit of each byte is the module's colour; libqrencode uses the other bits for itself.
        self.modules = (0..<width * width).map { data[$0] & 1 == 1 }
    }

    /// Whether the module is dark; modules outside the QR code are light.
    func isDark(column: Int, row: Int) -> Bool {
        0..<width ~= column && 0..<width ~= row && modules[row * width + column]
    }

    /// Draws the QR code as lines of half blocks. Each character shows two modules, one above the other.
    /// - Parameter isColoured: whether terminal colours draw the QR code black on white, whatever the terminal's
    ///   background is. Without colours, block characters are the dark modules, as is right for dark text on white
    ///   paper.
    func rendered(isColoured: Bool = true) -> String {
        let span = -Self.quietZone..<width + Self.quietZone
        return stride(from: span.lowerBound, to: span.upperBound, by: 2).map { row in
            let line = span.map { column in
                switch (isDark(column: column, row: row), isDark(column: column, row: row + 1)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            .joined()
            return isColoured ? "\u{1B}[30;107m\(line)\u{1B}[0m" : line
        }
        .joined(separator: "\n")
    }

    /// Draws the QR code with two letters for each module, for screens without block characters. Dark modules are `##`,
    /// which is right for dark text on a light background.
    func letters() -> String {
        let span = -Self.quietZone..<width + Self.quietZone
        return span.map { row in span.map { isDark(column: $0, row: row) ? "##" : "  " }.joined() }
            .joined(separator: "\n")
    }
}
