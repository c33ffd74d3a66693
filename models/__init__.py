"""Pure learning, tensors in and out: backbones, policies and policy gradients."""
