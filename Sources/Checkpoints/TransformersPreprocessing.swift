/// `preprocessor_config.json` of a Transformers model. Its keys are those below in snake case.
struct TransformersPreprocessing: Encodable {
  struct ShortestEdge: Encodable { var shortestEdge: Int }
  struct Size: Encodable { var height, width: Int }

  /// The slow one, which resizes with Pillow as we do; `CLIPImageProcessorFast` has a bicubic filter of its own.
  var imageProcessorType = "CLIPImageProcessor"
  var doConvertRgb = true
  var doResize = true
  var size: ShortestEdge
  /// Pillow's number for bicubic.
  var resample = 3
  var doCenterCrop = true
  var cropSize: Size
  var doRescale = true
  var rescaleFactor = 1.0 / 255
  var doNormalize = true
  var imageMean: [Double]
  var imageStd: [Double]

  init(_ preprocessing: Preprocessing, imageSize: Int) {
    size = ShortestEdge(shortestEdge: imageSize)
    cropSize = Size(height: imageSize, width: imageSize)
    imageMean = preprocessing.mean
    imageStd = preprocessing.std
  }
}
