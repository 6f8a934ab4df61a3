"""The public blocks of the library. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from . import Indexed

BLOCKS: Mapping[str, Indexed] = {
    "convnext_block": Indexed(
        "dotnn/convnext",
        "The block of ConvNeXt (Liu and others 2022): a depthwise 7x7 convolution, then two dense layers at every pixel",
    ),
    "convnext_downsampling": Indexed(
        "dotnn/convnext",
        "Halves rows and columns between the stages of ConvNeXt (Liu and others 2022): a layer norm, then a 2x2 convolution",
    ),
    "conv_norm": Indexed(
        "dotnn/convolution",
        "A convolution, batch normalization and an activation, the step of which most image networks are made",
    ),
    "depthwise_norm": Indexed(
        "dotnn/convolution", "A convolution of each channel by itself, batch normalization and an activation"
    ),
    "make_divisible": Indexed(
        "dotnn/convolution",
        "The multiple of 8 that is nearest to a width, for networks that are made wider or narrower by a factor",
    ),
    "densenet_layer": Indexed(
        "dotnn/densenet", "A layer of a dense block: it adds `growth` channels of its own to those that it reads"
    ),
    "dense_block": Indexed(
        "dotnn/densenet",
        "So many layers one after the other, each of which reads the results of all before it: dense connections",
    ),
    "densenet_transition": Indexed(
        "dotnn/densenet",
        "Between two dense blocks: a 1x1 convolution to `width` channels, by default half of them, and a pooling",
    ),
    "inception_conv": Indexed(
        "dotnn/inception",
        "A convolution without bias, batch normalization and a ReLU, of which Inception networks are made",
    ),
    "inception_v1": Indexed(
        "dotnn/inception", "The inception module of GoogLeNet: 1x1, 3x3 and 5x5 convolutions and a pooling side by side"
    ),
    "inception_v1_auxiliary": Indexed(
        "dotnn/inception",
        "The auxiliary classifier of GoogLeNet, which brings the gradient into the middle of the network while it is trained",
    ),
    "inception_v3_a": Indexed(
        "dotnn/inception",
        "Module A of Inception v3: beside each other a 1x1, a 5x5, two 3x3 and a pooling (figure 5 of the paper)",
    ),
    "inception_v3_b": Indexed(
        "dotnn/inception",
        "Module B of Inception v3, which halves rows and columns: a 3x3, two 3x3 and a pooling, each with stride 2",
    ),
    "inception_v3_c": Indexed(
        "dotnn/inception",
        "Module C of Inception v3: convolutions of 7x7, each taken apart into 1x7 and 7x1 (figure 6 of the paper)",
    ),
    "inception_v3_d": Indexed(
        "dotnn/inception",
        "Module D of Inception v3, which halves rows and columns: a 3x3, a 7x7 taken apart with a 3x3, and a pooling",
    ),
    "inception_v3_e": Indexed(
        "dotnn/inception",
        "Module E of Inception v3: 1x3 and 3x1 side by side in the place of each last 3x3 (figure 7 of the paper)",
    ),
    "inception_v3_auxiliary": Indexed(
        "dotnn/inception", "The auxiliary classifier of Inception v3, for images of 17x17 positions or more"
    ),
    "gru_encoder": Indexed(
        "dotnn/recurrent",
        "Reads sentences with stacked GRUs, and gives all outputs and the final states (Cho and others 2014)",
    ),
    "gru_decoder": Indexed(
        "dotnn/recurrent", "Goes on from the states of a `gru_encoder`, and gives all outputs and the final states"
    ),
    "lstm_encoder": Indexed(
        "dotnn/recurrent",
        "Reads sentences with stacked LSTMs, and gives all outputs and the final states (Sutskever and others 2014)",
    ),
    "lstm_decoder": Indexed(
        "dotnn/recurrent", "Goes on from the states of an `lstm_encoder`, and gives all outputs and the final states"
    ),
    "global_attention": Indexed(
        "dotnn/recurrent",
        "Attention of a decoder's states over an encoder's outputs by products (Luong and others 2015: global, general)",
    ),
    "additive_attention": Indexed(
        "dotnn/recurrent",
        "Attention of a decoder's states over an encoder's outputs by a small network (Bahdanau and others 2014)",
    ),
    "bidirectional_gru_stack": Indexed(
        "dotnn/recurrent",
        "Stacked bidirectional GRUs whose directions are added, each followed by batch normalization (Amodei and others 2015)",
    ),
    "basic": Indexed(
        "dotnn/residual",
        "Two 3x3 convolutions beside a shortcut (He and others 2015), for the smaller residual networks",
    ),
    "bottleneck": Indexed(
        "dotnn/residual",
        "A 1x1 convolution to fewer channels, a 3x3 one, and a 1x1 to more, beside a shortcut (He and others 2015)",
    ),
    "basic_stage": Indexed(
        "dotnn/residual",
        "Basic blocks one after the other, of which the first may halve rows and columns: one stage of ResNet-18 or -34",
    ),
    "bottleneck_stage": Indexed(
        "dotnn/residual",
        "Bottlenecks one after the other, of which the first may halve rows and columns: one stage of ResNet-50",
    ),
    "inverted_residual": Indexed(
        "dotnn/residual",
        "Widens, filters each channel by itself, and narrows again, beside a shortcut (Sandler and others 2018, MobileNetV2)",
    ),
    "mbconv": Indexed(
        "dotnn/residual",
        "The inverted residual with a squeeze and excitation (Tan and others 2019), as in EfficientNet and MobileNetV3",
    ),
    "shuffle_unit": Indexed(
        "dotnn/shuffle",
        "Half of the channels go by, the other half are convolved, and both are shuffled so that they meet in the next unit",
    ),
    "shuffle_downsample": Indexed(
        "dotnn/shuffle",
        "Halves rows and columns: two branches read all channels, and are laid beside each other and shuffled",
    ),
    "shuffle_stage": Indexed("dotnn/shuffle", "A unit that halves rows and columns, and units that keep them"),
    "fire": Indexed(
        "dotnn/squeeze",
        "A 1x1 convolution to few channels, then 1x1 and 3x3 ones side by side: a fire module (Iandola and others 2016)",
    ),
    "squeeze_excite": Indexed(
        "dotnn/squeeze_excite",
        "Weighs each channel, between 0 and 1, by what all of them have on the mean of their image",
    ),
    "transformer_encoder_layer": Indexed(
        "dotnn/transformer",
        "A layer of a Transformer's encoder (Vaswani and others 2017): self-attention, then two dense layers",
    ),
    "transformer_decoder_layer": Indexed(
        "dotnn/transformer",
        "A layer of a Transformer's decoder (Vaswani and others 2017): it attends to what an encoder gave, too",
    ),
    "transformer_encoder": Indexed(
        "dotnn/transformer",
        "The encoder of a Transformer (Vaswani and others 2017): so many of its layers, and a last layer norm",
    ),
    "transformer_decoder": Indexed(
        "dotnn/transformer",
        "The decoder of a Transformer (Vaswani and others 2017): so many of its layers, and a last layer norm",
    ),
    "learned_position": Indexed(
        "dotnn/transformer", "Adds a learned vector to each position of a sequence (Gehring and others 2017)"
    ),
    "patch_embedding": Indexed(
        "dotnn/transformer",
        "Cuts an image into square patches and makes a vector of each (Dosovitskiy and others 2021): `[N, T, width]`",
    ),
    "vision_transformer_layer": Indexed(
        "dotnn/transformer",
        "A layer of a Vision Transformer (Dosovitskiy and others 2021): self-attention, then two dense layers",
    ),
    "vision_transformer_encoder": Indexed(
        "dotnn/transformer",
        "The encoder of a Vision Transformer (Dosovitskiy and others 2021): positions, layers, and a last layer norm",
    ),
    "double_convolution": Indexed(
        "dotnn/unet", "Two 3x3 convolutions that keep the size, each with a ReLU (Ronneberger and others 2015)"
    ),
    "unet_down": Indexed(
        "dotnn/unet",
        "A stage on the way down of a U-Net (Ronneberger and others 2015): rows and columns are halved, then two convolutions",
    ),
    "unet_up": Indexed(
        "dotnn/unet",
        "A stage on the way up of a U-Net (Ronneberger and others 2015): rows and columns are doubled, then two convolutions",
    ),
    "vgg_features": Indexed(
        "dotnn/vgg", "Stages of 3x3 convolutions with ReLU, each ended by a max pooling (Simonyan and Zisserman 2015)"
    ),
    "vgg_classifier": Indexed(
        "dotnn/vgg",
        "Three dense layers, with dropout between them (Simonyan and Zisserman 2015): what a VGG network ends with",
    ),
    "separable_stack": Indexed(
        "dotnn/xception", "Separable 3x3 convolutions of these widths, a batch normalization and a ReLU behind each"
    ),
    "separable_residual": Indexed(
        "dotnn/xception",
        "Separable 3x3 convolutions of these widths, a ReLU before and a batch normalization behind each, with a shortcut",
    ),
}
