// BEGIN
import SwiftUI

#if canImport(CoreImage)
import CoreImage.CIFilterBuiltins

/// A QR code. It is dark on white in the dark appearance as well, because many cameras read no other.
struct QRCode: View {
    let text: String

    var body: some View {
        if let image {
            Image(decorative: image, scale: 1)
                .interpolation(.none)
                .resizable()
                .scaledToFit()
                .frame(maxWidth: 240)
                .padding()
                .background(.white)
                .accessibilityLabel("QR code with the same code")
        }
    }

    private var image: CGImage? {
        let filter = CIFilter.qrCodeGenerator()
        filter.message = Data(text.utf8)
        guard let output = filter.outputImage?.transformed(by: CGAffineTransform(scaleX: 8, y: 8)) else { return nil }
        return CIContext().createCGImage(output, from: output.extent)
    }
}
#else
/// A system without Core Image, where an app brings a QR code of its own.
struct QRCode: View {
    let text: String

    var body: some View { Text("(QR code)") }
}
#endif
// END
