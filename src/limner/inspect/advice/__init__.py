"""What would make a model file run better on phones, GPUs, Edge TPUs and in browsers."""
