import CPicture
import EasySetupSeed

/// Finds the QR codes in a gray picture, by ZBar. Other kinds of codes are off: they would only add ways into ZBar for a
/// hostile picture.
@safe struct CodeScanner: ~Copyable {
    private let library: easysetup_zbar
    private let scanner: OpaquePointer

    /// ZBar's name for pictures of 8 bits of gray, `Y800`.
    private static let gray =
        UInt(UInt8(ascii: "Y")) | UInt(UInt8(ascii: "8")) << 8 | UInt(UInt8(ascii: "0")) << 16
        | UInt(UInt8(ascii: "0")) << 24

    init() throws(PictureError) {
        var library = easysetup_zbar()
        guard unsafe easysetup_load_zbar(&library) != 0 else { throw .libraryMissing(.zbar) }
        guard let scanner = unsafe library.make_scanner() else { throw .readerFailed }
        self.library = library
        unsafe self.scanner = unsafe scanner
        _ = unsafe library.configure(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0)
        _ = unsafe library.configure(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1)
        // The bytes as they are: ZBar would guess a character set, and load modules of the C library for it.
        _ = unsafe library.configure(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1)
    }

    deinit {
        unsafe library.free_scanner(scanner)
    }

    /// The texts of the QR codes.
    borrowing func texts(in picture: GrayPicture) throws(PictureError) -> [UserText] {
        guard let image = library.make_image() else { throw .readerFailed }
        defer { unsafe library.free_image(image) }
        unsafe library.set_format(image, Self.gray)
        unsafe library.set_size(image, UInt32(picture.width), UInt32(picture.height))
        // ZBar only reads the pixels, which live as long as `picture`.
        unsafe picture.withPixels {
            unsafe library.set_data(image, $0.baseAddress, UInt($0.count), nil)
        }
        guard unsafe library.scan(scanner, image) >= 0 else { return [] }
        var texts: [UserText] = []
        var symbol = unsafe library.first(image)
        while let found = unsafe symbol {
            let count = unsafe Int(library.length(found))
            if let data = unsafe library.data(found), texts.count < PictureLimits.codes,
                1...PictureLimits.textBytes ~= count
            {
                let bytes = unsafe UnsafeRawBufferPointer(start: data, count: count)
                texts.append(UserText(unsafe SecretBytes(copying: bytes.bytes)))
                // The text is a secret. ZBar has it in ordinary memory, and frees it without wiping it.
                unsafe Sodium.wipe(UnsafeMutableRawBufferPointer(mutating: bytes))
            }
            unsafe symbol = unsafe library.next(found)
        }
        extendLifetime(picture)
        return texts
    }
}
