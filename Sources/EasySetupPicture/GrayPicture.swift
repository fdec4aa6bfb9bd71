import EasySetupSeed

/// A picture in shades of gray: one byte for each pixel, from black (0) to white (255). The pixels may be those of a seed's
/// QR code, so they are wiped with the picture.
///
/// They are in ordinary memory, because libsodium's guarded memory is for a few keys and not for megabytes.
@safe final class GrayPicture {
    let width: Int
    let height: Int
    private let pixels: UnsafeMutableBufferPointer<UInt8>

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        unsafe pixels = .allocate(capacity: max(width * height, 1))
        unsafe pixels.initialize(repeating: 255)
    }

    deinit {
        unsafe Sodium.wipe(UnsafeMutableRawBufferPointer(pixels))
        unsafe pixels.deallocate()
    }

    func withPixels<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pixels)
    }

    /// Makes a picture in which each pixel is computed from its place.
    private static func made(
        width: Int,
        height: Int,
        _ shade: (_ source: UnsafeMutableBufferPointer<UInt8>, _ column: Int, _ row: Int) -> UInt8,
        from source: GrayPicture
    ) -> GrayPicture {
        let made = GrayPicture(width: width, height: height)
        unsafe source.withPixels { source in
            unsafe made.withPixels { out in
                for row in 0..<height {
                    for column in 0..<width { unsafe out[row * width + column] = unsafe shade(source, column, row) }
                }
            }
        }
        return made
    }

    /// The negative: dark-screen QR codes have light modules on a dark ground.
    func inverted() -> GrayPicture {
        let width = width
        return unsafe Self.made(
            width: width,
            height: height,
            { unsafe 255 - $0[$2 * width + $1] },
            from: self
        )
    }

    /// The picture with half the width and height: each pixel is the mean of four.
    func halved() -> GrayPicture {
        let width = width
        return unsafe Self.made(
            width: width / 2,
            height: height / 2,
            { source, column, row in
                let place = 2 * row * width + 2 * column
                let sum =
                    unsafe Int(source[place]) + Int(source[place + 1]) + Int(source[place + width])
                    + Int(source[place + width + 1])
                return UInt8(sum / 4)
            },
            from: self
        )
    }

    /// The picture with each pixel as a square, and a white margin: QR codes of one pixel for each module, and those that
    /// were cut out without a margin, are too small for ZBar.
    func enlarged(by factor: Int) -> GrayPicture {
        let (width, height) = (width, height)
        let margin = 4 * factor
        return unsafe Self.made(
            width: width * factor + 2 * margin,
            height: height * factor + 2 * margin,
            { source, column, row in
                let (x, y) = (column - margin, row - margin)
                guard x >= 0, y >= 0, x < width * factor, y < height * factor else { return 255 }
                return unsafe source[y / factor * width + x / factor]
            },
            from: self
        )
    }
}
