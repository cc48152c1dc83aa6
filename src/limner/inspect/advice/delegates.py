"""Operators that mobile GPUs, the Edge TPU and WebGPU run, by the lists their makers publish; others fall back."""

from __future__ import annotations

MOBILE_GPU = frozenset(
    """
    ABS ADD AVERAGE_POOL_2D BATCH_MATMUL CAST CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE
    DEQUANTIZE DIV ELU EQUAL EXP EXPAND_DIMS FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GELU GREATER
    GREATER_EQUAL HARD_SWISH LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LSTM MAXIMUM
    MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL ONE_HOT PACK PAD PADV2 POW PRELU QUANTIZE REDUCE_MAX
    REDUCE_MIN REDUCE_PROD RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR ROUND
    RSQRT SELECT SELECT_V2 SIGN SIN SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE
    STRIDED_SLICE SUB SUM TANH TILE TOPK_V2 TRANSPOSE TRANSPOSE_CONV UNPACK
    Convolution2DTransposeBias MaxPoolingWithArgmax2D MaxUnpooling2D
    """.split()  # noqa: SIM905
)
"""LiteRT's GPU delegate."""

EDGE_TPU = frozenset(
    """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D EXPAND_DIMS FULLY_CONNECTED L2_NORMALIZATION LOGISTIC
    LSTM MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL PACK PAD PRELU QUANTIZE REDUCE_MAX REDUCE_MIN RELU RELU6 RELU_N1_TO_1
    RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQUARED_DIFFERENCE
    SQUEEZE STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV
    """.split()  # noqa: SIM905
)
"""The Edge TPU, of models wholly in int8."""

WEBGPU = frozenset(
    """
    Abs Acos Acosh Add ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil Clip Concat Conv
    ConvTranspose Cos Cosh CumSum DFT DepthToSpace DequantizeLinear Div Einsum Elu Equal Erf Exp Expand Flatten Floor
    Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample
    HardSigmoid HardSwish If InstanceNormalization LayerNormalization LeakyRelu Less LessOrEqual Log MatMul MaxPool
    Mul Neg Not Pad Pow Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ScatterND Shape Sigmoid Sin Sinh Slice Softmax Split Sqrt
    Squeeze Sub Tan Tanh ThresholdedRelu Tile Transpose Unsqueeze Where Identity Constant
    """.split()  # noqa: SIM905
)
"""WebGPU in ONNX Runtime Web 1.30, in ONNX's words."""

_ONNX_NAMES = {
    "Relu": "RELU",
    "PRelu": "PRELU",
    "LeakyRelu": "LEAKY_RELU",
    "Elu": "ELU",
    "HardSwish": "HARD_SWISH",
    "Sigmoid": "LOGISTIC",
    "Tanh": "TANH",
    "Gelu": "GELU",
    "BatchNormalization": "BATCH_NORM",
    "Concat": "CONCATENATION",
    "GlobalAveragePool": "MEAN",
    "ReduceMean": "MEAN",
    "ReduceSum": "SUM",
    "ReduceMax": "REDUCE_MAX",
    "ReduceMin": "REDUCE_MIN",
    "GlobalMaxPool": "REDUCE_MAX",
    "AveragePool": "AVERAGE_POOL_2D",
    "MaxPool": "MAX_POOL_2D",
    "Reshape": "RESHAPE",
    "Flatten": "RESHAPE",
    "Squeeze": "RESHAPE",
    "Unsqueeze": "RESHAPE",
    "Slice": "STRIDED_SLICE",
    "Split": "SPLIT",
    "Gemm": "FULLY_CONNECTED",
    "ArgMax": "ARG_MAX",
    "Where": "SELECT_V2",
    "Expand": "BROADCAST_TO",
    "Max": "MAXIMUM",
    "Min": "MINIMUM",
    "Greater": "GREATER",
    "GreaterOrEqual": "GREATER_EQUAL",
    "LessOrEqual": "LESS_EQUAL",
    "DepthToSpace": "DEPTH_TO_SPACE",
    "SpaceToDepth": "SPACE_TO_DEPTH",
    "QuantizeLinear": "QUANTIZE",
    "DequantizeLinear": "DEQUANTIZE",
    "Upsample": "RESIZE_NEAREST_NEIGHBOR",
    "ConvTranspose": "TRANSPOSE_CONV",
    "CumSum": "CUMSUM",
    "TopK": "TOPK_V2",
    "ReduceProd": "REDUCE_PROD",
    "Not": "LOGICAL_NOT",
    "And": "LOGICAL_AND",
    "Or": "LOGICAL_OR",
}

MADE_OF = {
    "BATCH_NORM": ("MUL", "ADD"),
    "CLIP": ("MINIMUM", "MAXIMUM"),
    "HARDSIGMOID": ("MUL", "ADD", "MINIMUM", "MAXIMUM"),
    "RECIPROCAL": ("DIV",),
    "SOFTPLUS": ("EXP", "LOG"),
    "MISH": ("EXP", "LOG", "TANH", "MUL"),
    "INSTANCENORMALIZATION": ("MEAN", "SQUARED_DIFFERENCE", "RSQRT", "MUL", "ADD"),
    "LAYERNORMALIZATION": ("MEAN", "SQUARED_DIFFERENCE", "RSQRT", "MUL", "ADD"),
    "IDENTITY": (),
}
"""Kinds that LiteRT has no operator for -> those that converters make them of."""


def litert_kind(onnx_operator: str) -> str:
    """LiteRT's name of an ONNX operator; where it has none, ONNX's in capitals. Convolutions, Resize and MatMul depend
    on more than the name; see ``limner.inspect.advice.onnx_layers``."""
    return _ONNX_NAMES.get(onnx_operator, onnx_operator.upper())


def runs(kind: str, supported: frozenset[str]) -> bool:
    """Whether an operator, or all that it is made of, is on a delegate's list."""
    return kind in supported or (kind in MADE_OF and supported.issuperset(MADE_OF[kind]))
