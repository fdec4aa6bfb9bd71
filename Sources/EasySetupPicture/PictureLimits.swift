/// The limits of pictures that are read. A picture comes from anybody, and a small file may unpack to a huge picture.
package enum PictureLimits {
    /// The size of the largest file, in bytes. Photos of phones have up to 25 MB.
    package static let fileBytes = 32 << 20
    /// The most pixels. Phones have cameras of 50 million.
    package static let pixels = 64 << 20
    /// The greatest width or height.
    package static let side = 32_768
    /// The most QR codes of one picture that are looked at.
    package static let codes = 16
    /// The longest text of a QR code, in bytes. The standard's largest code has 7,089 digits.
    package static let textBytes = 7_089
    /// How much memory the process that reads a picture may use, in bytes.
    package static let memory = 1 << 30
    /// How long that process may compute, in seconds. A photo of 50 million pixels takes two.
    package static let seconds = 20
    /// Pictures with more pixels are made smaller first: a QR code that fills less than a hundredth of a photo is read
    /// from the full one only if none was found.
    package static let ordinaryPixels = 16 << 20

    static let megabytes = fileBytes >> 20
    static let megapixels = pixels >> 20
}
