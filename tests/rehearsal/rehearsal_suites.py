"""A sound suite that needs no framework; tests break it in one place."""

SOUND = '''
from harness import Model, Workload


class Net:
    """Adds its weights to what it is given."""

    def __init__(self):
        self.weights = [1.0, 2.0]

    def __call__(self, given):
        return [weight + given for weight in self.weights]


class Small(Workload):
    name = "small"
    runtimes = ("python",)
    parameters = {"batch": (1, 8)}
    deadline_seconds = 0.1

    def build(self, place, batch):
        return Model(Net(), (float(batch),))

    def step(self, call, inputs, marks):
        return call(*inputs)

    def items(self, batch):
        return batch
'''
