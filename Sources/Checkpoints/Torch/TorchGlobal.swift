/// The names of Python a file of tensors may use. None of them is looked up anywhere: each stands for something this
/// reader does itself, and any other name is refused.
enum TorchGlobal: Equatable {
  /// `collections.OrderedDict`.
  case orderedDictionary
  /// `torch._utils._rebuild_tensor_v2`: a tensor from storage, offset, size and strides.
  case tensor
  /// `torch._utils._rebuild_tensor_v3`: the same with a type of its own.
  case typedTensor
  /// `torch._utils._rebuild_parameter`: a tensor again.
  case parameter
  /// `torch.Size`: a tuple again.
  case size
  /// `torch.FloatStorage` and its like, `torch.storage.UntypedStorage`.
  case storage(StoredType)
  /// `torch.float32` and its like.
  case type(StoredType)
  /// `torch.jit._pickle.build_intlist` and its like: a list again.
  case list
  /// `torch.jit._pickle.restore_type_tag`: the value again.
  case typeTag
  /// A class of a TorchScript archive's own code, which is not read.
  case module(String)

  /// - Parameter isTorchScript: whether the archive may have classes of its own.
  init(module: String, name: String, isTorchScript: Bool) throws(TorchFlaw) {
    let path = "\(module).\(name)"
    let shown = path.count > Self.mostCharacters ? "\(path.prefix(Self.mostCharacters))…" : path
    if let known = Self.known[path] {
      self = known
    } else if isTorchScript, module == "__torch__" || module.hasPrefix("__torch__."), shown == path {
      self = .module(path)
    } else {
      throw TorchFlaw(
        "it asks for \(shown): refused; expected tensors only. Of a file you trust, save the state_dict() alone: "
          + "torch.save(model.state_dict(), PATH)")
    }
  }

  /// As a file spells it, for errors.
  var name: String {
    if case .module(let path) = self { return path }
    return Self.known.first { $0.value == self }?.key ?? "a name"
  }

  /// A name is a path of modules and a class.
  private static let mostCharacters = 500

  private static let known: [String: TorchGlobal] = {
    var known: [String: TorchGlobal] = [
      "collections.OrderedDict": .orderedDictionary,
      "torch._utils._rebuild_tensor_v2": .tensor,
      "torch._utils._rebuild_tensor_v3": .typedTensor,
      "torch._utils._rebuild_parameter": .parameter,
      "torch.Size": .size,
      "torch.storage.UntypedStorage": .storage(.uint8),
      "torch.jit._pickle.restore_type_tag": .typeTag,
    ]
    for element in ["int", "double", "bool", "tensor"] { known["torch.jit._pickle.build_\(element)list"] = .list }
    let types: [(storage: String, type: String, StoredType)] = [
      ("Float", "float32", .float32), ("Half", "float16", .float16), ("BFloat16", "bfloat16", .bfloat16),
      ("Double", "float64", .float64), ("Long", "int64", .int64), ("Int", "int32", .int32),
      ("Short", "int16", .int16), ("Char", "int8", .int8), ("Byte", "uint8", .uint8), ("Bool", "bool", .boolean),
    ]
    for (storage, type, stored) in types {
      known["torch.\(storage)Storage"] = .storage(stored)
      known["torch.\(type)"] = .type(stored)
    }
    return known
  }()
}
