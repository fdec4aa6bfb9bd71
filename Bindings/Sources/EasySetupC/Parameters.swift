import EasySetup

/// The parameters of an explanation for C code, sorted by name.
struct Parameters: Sendable {
    private let list: [(name: String, forC: CText, value: CText)]

    init(_ explanation: Explanation) {
        list = explanation.parameters.map { ($0.name, CText($0.name), CText($0.value)) }.sorted { $0.0 < $1.0 }
    }

    /// The value of a parameter; nil if there is none of this name.
    func value(_ name: UnsafePointer<CChar>?) -> UnsafePointer<CChar>? {
        guard let name = name.flatMap({ String(validatingCString: $0) }) else { return nil }
        return list.first { $0.name == name }?.value.pointer
    }

    /// The name of a parameter; nil for an index that is none.
    func name(_ index: Int32) -> UnsafePointer<CChar>? {
        list.indices.contains(Int(index)) ? list[Int(index)].forC.pointer : nil
    }
}
